"""The transform of a map in parts is that of the map prepared as a whole."""

import numpy as np
import pytest

from mapres.density import Density
from mapres.features import apodized
from mapres.features.apodized import Transform, tapers, transforms_of
from mapres.fourier import forward, resize_transform


@pytest.fixture
def density(rng):
    values = rng.standard_normal((24, 20, 21), dtype=np.float32)
    values[8:16, 8:14, 8:14] += 4
    return Density(values + np.float32(3), (1.5,) * 3)


@pytest.fixture
def molecule(density):
    inside = np.zeros(density.values.shape, dtype=bool)
    inside[8:16, 8:14, 8:14] = True
    return inside


def test_spread_in_the_molecule_is_1_and_the_faces_fall_off(density, molecule):
    (found,) = transforms_of(density, molecule, None)
    values = density.values - density.values.mean()
    z, y, x = tapers(density)
    expected = values / values[molecule].std() * z[:, None, None] * y[:, None] * x
    np.testing.assert_allclose(found.values, forward(expected), atol=2e-3)


def test_half_maps_are_their_mean_and_half_their_difference(density, molecule, rng, monkeypatch):
    other = density.with_values(density.values + rng.standard_normal(molecule.shape, np.float32))
    alone = [next(transforms_of(half, molecule, None)) for half in (density, other)]
    monkeypatch.setattr(apodized, "SLAB", 5)
    _, mean, difference = transforms_of(density, molecule, (density, other))
    first, second = (each.values for each in alone)
    np.testing.assert_allclose(mean.values, (first + second) / 2, atol=1e-3)
    np.testing.assert_allclose(difference.values, (first - second) / 2, atol=1e-3)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ((20, 21, 24), (13, 21, 15)),
        ((20, 22, 24), (20, 9, 24)),
        ((21, 21, 21), (11, 13, 15)),
        ((16, 16, 16), (15, 16, 15)),
    ],
)
@pytest.mark.parametrize("owned", [True, False])
def test_cropped_in_place_is_cropped(old, new, owned, rng):
    whole = forward(rng.standard_normal(old, dtype=np.float32))
    expected = resize_transform(whole, old, new)
    copy = np.array(whole)
    found = Transform(copy if owned else copy[:], old).cropped(new)
    np.testing.assert_array_equal(found.values, expected)
    assert found.shape == new
    assert found.values.flags.owndata
