"""What may be analyzed, and when two maps lie on the same grid."""

import dataclasses

import numpy as np
import pytest
from handmade import noisy_ball

from mapres.density import Density, checked, require_same_grid
from mapres.errors import GridMismatchError, MapContentError, MapResError

BALL = noisy_ball(16)


def changed(**fields):
    return dataclasses.replace(BALL, **fields)


def with_value(value):
    values = BALL.values.copy()
    values[3, 4, 5] = value
    return changed(values=values)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"voxel_size": (1.5, 1.51, 1.49)},
        {"voxel_size": (0.1, 0.1, 0.1)},
        {"voxel_size": (50.0, 50.0, 50.0)},
        {"cell_angles": (90.0, 90.05, 89.95)},
        {"origin": (-1e4, 0.0, 1e4)},
        {"values": BALL.values.astype(np.int8)},
    ],
)
def test_good_maps_are_returned_as_they_are(fields):
    density = changed(**fields)
    assert checked(density) is density


BAD = {
    "2-D": ({"values": BALL.values[0]}, "2 dimensions"),
    "4-D": ({"values": BALL.values[None]}, "4 dimensions"),
    "complex": ({"values": BALL.values * 1j}, "complex"),
    "thin": ({"values": BALL.values[:15]}, "16 x 16 x 15 voxels; at least 16"),
    "constant": ({"values": np.full((16, 16, 16), 2.5, np.float32)}, "constant .2.5"),
    "no voxel size": ({"voxel_size": (0.0, 0.0, 0.0)}, "0 x 0 x 0 Å"),
    "one axis without": ({"voxel_size": (1.5, 1.5, 0.0)}, "1.5 x 1.5 x 0 Å"),
    "negative voxel size": ({"voxel_size": (-1.5, -1.5, -1.5)}, "-1.5"),
    "voxel size in nm": ({"voxel_size": (0.05, 0.05, 0.05)}, "0.05"),
    "absurd voxel size": ({"voxel_size": (1e4, 1e4, 1e4)}, "1e.04"),
    "unknown voxel size": ({"voxel_size": (np.nan, 1.5, 1.5)}, "nan"),
    "infinite voxel size": ({"voxel_size": (np.inf, 1.5, 1.5)}, "inf"),
    "anisotropic": ({"voxel_size": (1.5, 1.5, 1.6)}, "not the same along every axis"),
    "monoclinic": ({"cell_angles": (90.0, 94.3, 90.0)}, "90, 94.3, 90"),
    "unknown angle": ({"cell_angles": (90.0, np.nan, 90.0)}, "non-orthogonal"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_maps_are_named_with_value_and_remedy(kind):
    fields, words = BAD[kind]
    with pytest.raises(MapContentError, match=words) as caught:
        checked(changed(**fields))
    assert str(caught.value).startswith("ball.mrc ")


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_numbers_are_counted(value):
    with pytest.raises(MapContentError, match="holds 1 NaN or infinite"):
        checked(with_value(value))


def test_nyquist_is_two_of_the_largest_voxels():
    density = changed(voxel_size=(1.0, 1.01, 0.99))
    assert density.nyquist == 2.02
    assert density.spacing == pytest.approx(1.0)


def test_other_values_keep_the_grid():
    other = BALL.with_values(BALL.values * 2)
    require_same_grid(BALL, other, "mask")
    assert (other.name, other.origin) == (BALL.name, BALL.origin)
    assert BALL.with_values(BALL.values, name="other").name == "other"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        # Masks and half maps often come without an origin, or rounded to a voxel.
        {"origin": (0.0, 0.0, 0.0)},
        {"origin": (3.7, -4.5, 6.0)},
        {"voxel_size": (1.505, 1.505, 1.505)},
    ],
)
def test_same_grid(fields):
    require_same_grid(BALL, changed(**fields), "half map")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"values": BALL.values[:, :, 1:]}, "15 x 16 x 16 voxels and ball.mrc is 16 x 16 x 16"),
        ({"voxel_size": (1.4, 1.4, 1.4)}, "voxel size of 1.4 Å and ball.mrc of 1.5 Å"),
        ({"origin": (3.0, -4.5, 7.0)}, "shifted by 1 Å"),
    ],
)
def test_another_grid(fields, words):
    with pytest.raises(GridMismatchError, match=words) as caught:
        require_same_grid(BALL, changed(name="other.mrc", **fields), "half map")
    assert str(caught.value).startswith("the half map other.mrc ")


def test_every_error_is_a_value_error():
    assert issubclass(MapResError, ValueError)
    assert isinstance(BALL, Density)
