"""Local resolutions whose header is wrong are compared where they belong, and that is said."""

import numpy as np
import pytest
from scipy import ndimage

from mapres.density import Density
from mapres.local.resolution import LocalResolution
from mapres.results.compare import agreement, checked_resolution
from mapres.results.resample import grid_to_grid, with_data_only

SHAPE = (60, 64, 72)
SIZE = 1.5
CENTER = np.array(SHAPE) / 2


def field(seed=0, shape=SHAPE):
    noise = np.random.default_rng(seed).standard_normal(shape)
    values = ndimage.gaussian_filter(noise, 5)
    return (6 + values / values.std()).astype(np.float32)


def molecule(shape=SHAPE):
    places = np.indices(shape).T - CENTER
    lobes = [((0, 0, 0), 14), ((8, -10, 6), 10), ((-9, 6, 12), 8)]
    near = [np.linalg.norm(places - np.array(at), axis=-1) < radius for at, radius in lobes]
    return np.any(near, axis=0).T


MASK = molecule()
OURS = field()
MAP = Density(OURS, (SIZE,) * 3, name="map")


def theirs(values, size=SIZE, origin=(0.0, 0.0, 0.0)):
    return Density(np.asarray(values, np.float32), (size,) * 3, origin, "theirs")


def compared(other, ours=OURS, density=MAP):
    result = LocalResolution(ours, mask=MASK, method="monores", seconds=0.0)
    other = checked_resolution(other, density)
    return agreement(result, other, grid_to_grid(density, other))


def noisy(seed=1):
    return OURS + 0.2 * field(seed) - 0.2


@pytest.mark.parametrize("size", [0.0, 1.0, 0.75, 3.0, 1.47, float("nan")])
def test_the_same_box_is_compared_voxel_by_voxel_whatever_the_voxel_size(size):
    found = compared(theirs(np.where(MASK, noisy(), 0), size))
    assert found.correlation > 0.85
    assert found.compared.sum() == MASK.sum()
    (note,) = found.notes
    assert "voxel by voxel" in note and "theirs" in note
    assert found.warnings == ()


def test_a_larger_field_of_view_in_the_same_number_of_voxels_keeps_its_header():
    """Truly resampled to 3 Å: voxel by voxel it would be another place."""
    there = ndimage.affine_transform(OURS, np.eye(3) * 2, -CENTER, order=1, mode="nearest")
    origin = tuple(-SIZE * c for c in CENTER[::-1])
    density = Density(OURS, (SIZE,) * 3, (1e-3, 0, 0), "map")
    found = compared(theirs(there, 2 * SIZE, origin), density=density)
    assert found.correlation > 0.95 and found.notes == ()


CUTS = [(8, 10, 12), (10, 4, 20), (0, 0, 0)]


@pytest.mark.parametrize("start", CUTS)
@pytest.mark.parametrize("background", [0.0, 8.8637, None])
@pytest.mark.parametrize("size", [SIZE, 1.0])
def test_a_part_without_an_origin_is_found(start, background, size):
    part = tuple(slice(s, s + 44) for s in start)
    values = noisy() if background is None else np.where(MASK, noisy(), background)
    found = compared(theirs(values[part], size))
    there = np.zeros(SHAPE, bool)
    there[part] = MASK[part]
    # Without an outline it may be a voxel off.
    assert np.count_nonzero(found.compared ^ there) < 0.1 * there.sum()
    assert found.correlation > 0.9
    if background is not None and (start != (0, 0, 0) or size != SIZE):
        z, y, x = start
        assert any(f"begins at voxel {x}, {y}, {z} along x, y, z" in text for text in found.notes)
    assert bool(found.notes) or (start == (0, 0, 0) and size == SIZE)


def test_a_padded_one_is_found_too():
    wide = np.pad(np.where(MASK, noisy(), 0), ((6, 6), (10, 10), (4, 4)))
    found = compared(theirs(wide))
    assert found.correlation > 0.85
    assert any("begins at voxel -4, -10, -6" in text for text in found.notes)


def test_another_map_is_not_made_to_fit():
    other = np.where(np.roll(MASK, 3, axis=0), field(7), 0)[8:52, 10:54, 12:56]
    found = compared(theirs(other))
    (note,) = found.notes or ("",)
    if not note:
        assert any("do not agree" in text for text in found.warnings)


@pytest.mark.parametrize(
    "value", [0.0, 8.8637, 30.0, 100.0, 200.0, 999.0, -1.0, 4.0, 6.0, np.nan, 1e9]
)
def test_one_value_outside_is_no_data_whatever_it_is(value):
    known, repeated = with_data_only(np.where(MASK, noisy(), value).astype(np.float32))
    assert np.array_equal(np.isfinite(known), MASK)
    found = compared(theirs(np.where(MASK, noisy(), value)))
    assert found.compared.sum() == MASK.sum() and found.correlation > 0.85
    assert found.warnings == ()
    said = [text for text in found.notes if "no data" in text]
    assert len(said) == len(repeated) == int(0 < value < 100)


def test_two_values_outside_are_no_data():
    sphere = np.linalg.norm(np.indices(SHAPE).T - CENTER, axis=-1).T < 29
    values = np.where(MASK, noisy(), np.where(sphere, 30.0, 12.5)).astype(np.float32)
    known, repeated = with_data_only(values)
    assert np.array_equal(np.isfinite(known), MASK)
    assert sorted(repeated) == [12.5, 30.0]


def test_a_tighter_mask_leaves_its_background_out():
    tight = ndimage.binary_erosion(MASK, iterations=2)
    found = compared(theirs(np.where(tight, noisy(), 8.8637)))
    assert np.array_equal(found.compared, tight & MASK)


@pytest.mark.parametrize("steps", [0.25, 0.5])
def test_results_in_steps_keep_their_coarsest_value(steps):
    """Extended outward from the surface, as some programs do, most of the rim has one value."""
    depth = ndimage.distance_transform_edt(MASK)
    values = np.round(np.clip(8 - depth * 0.5, 4, 8) / steps) * steps
    known, repeated = with_data_only(values.astype(np.float32))
    assert repeated == [] and np.isfinite(known).all()
    # With another value outside, that one is left out.
    known, repeated = with_data_only(np.where(MASK, values, 12).astype(np.float32))
    assert repeated == [12.0] and np.array_equal(np.isfinite(known), MASK)


def test_a_resolution_that_levels_off_keeps_its_coarsest_value():
    """The true resolution of simulated maps ends at its coarsest value, which fills the solvent."""
    depth = ndimage.distance_transform_edt(MASK)
    values = np.minimum(8 - 0.3 * depth + 0.1 * (field(5) - 6), 7.5).astype(np.float32)
    assert np.mean(values == 7.5) > 0.5
    known, repeated = with_data_only(values)
    assert repeated == [] and np.isfinite(known).all()


def test_a_constant_resolution_is_data():
    known, repeated = with_data_only(np.full((20, 20, 20), 5.0, np.float32))
    assert repeated == [] and np.isfinite(known).all()
    inside = np.where(MASK, np.float32(5.0), np.float32(0))
    assert np.array_equal(np.isfinite(with_data_only(inside)[0]), MASK)


def one_warning(found, words):
    (text,) = found.warnings
    assert words in text and text.count("\n") == 0
    return text


def test_no_correlation_names_the_likely_cause():
    def inside(values):
        return theirs(np.where(MASK, values, 0))

    assert "r = -" in one_warning(compared(inside(12 - noisy())), "finer")
    one_warning(compared(inside(field(11))), "another map")
    one_warning(compared(inside(6 + 1e-2 * field(11))), "varies by only")
    one_warning(compared(theirs(noisy()[::-1])), "mirrored along z")
    one_warning(compared(theirs(noisy()[:, :, ::-1])), "mirrored along x")


def test_another_axis_order_is_named():
    cube = field(3, (48, 48, 48))
    mask = np.zeros(cube.shape, bool)
    mask[6:-6, 8:-8, 10:-10] = True
    result = LocalResolution(cube, mask=mask, method="monores", seconds=0.0)
    found = agreement(result, theirs(cube.transpose(2, 1, 0)), np.eye(3, 4))
    one_warning(found, "axes in the order z, y, x")


def test_less_than_half_in_both_names_the_cause():
    tight = np.where(MASK & (np.indices(SHAPE)[0] < 26), noisy(), 0)
    one_warning(compared(theirs(tight)), "no data in the rest")
    part = theirs(noisy()[:26], origin=(0.0, 0.0, 0.0))
    one_warning(compared(part), "covers only a part")


@pytest.mark.parametrize("outside", [0.0, 30.0])
def test_resolutions_in_whole_angstroms_are_data(outside):
    distance = np.linalg.norm(np.indices((32, 32, 32)) - 16, axis=0)
    values = np.where(distance < 12, np.rint(4 + distance / 5), outside).astype(np.float32)
    found, repeated = with_data_only(values)
    assert np.isfinite(found[distance < 12]).all() and not np.isfinite(found[distance >= 12]).any()
    assert repeated == [outside] * bool(outside)
