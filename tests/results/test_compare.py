"""Agreement of two local resolutions: laws, other grids, what others write for unknown."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from mapres.density import Density
from mapres.errors import MapContentError, MapResError
from mapres.local.resolution import LocalResolution
from mapres.results.compare import agreement, checked_resolution
from mapres.results.resample import grid_to_grid

SHAPE = (20, 24, 28)
SAME = np.eye(3, 4)


def smooth(seed=0, shape=SHAPE):
    noise = np.random.default_rng(seed).standard_normal(shape)
    values = ndimage.gaussian_filter(noise, 4)
    return (6 + values / values.std()).astype(np.float32)


def other(values, voxel_size=1.0, origin=(0.0, 0.0, 0.0)):
    return Density(np.asarray(values, np.float32), (voxel_size,) * 3, origin, "theirs")


def result(values, mask=None):
    if mask is None:
        mask = np.zeros(values.shape, dtype=bool)
        mask[4:-4, 4:-4, 4:-4] = True
    return LocalResolution(values, mask=mask, method="monores", seconds=0.0)


def test_a_map_agrees_with_itself():
    found = agreement(result(smooth()), other(smooth()), SAME)
    assert (found.median, found.spread) == (0.0, 0.0)
    assert found.correlation == pytest.approx(1.0)
    assert not found.difference.any() and found.compared.sum() == 12 * 16 * 20


def test_a_shift_is_the_median_and_noise_the_spread():
    noise = np.random.default_rng(1).normal(scale=0.5, size=SHAPE)
    found = agreement(result(smooth()), other(smooth() + 2 + noise), SAME)
    assert found.median == pytest.approx(-2, abs=0.05)
    assert found.spread == pytest.approx(0.5, rel=0.05)
    # r² = 1 / (1 + 0.25) where the variance inside the mask is 1; here it is that of a cutout.
    inside = smooth()[4:-4, 4:-4, 4:-4].var()
    assert found.correlation == pytest.approx((1 + 0.25 / inside) ** -0.5, abs=0.01)


def test_exchanging_the_two_changes_the_sign_only():
    one, two = smooth(1), smooth(2)
    first, second = (agreement(result(a), other(b), SAME) for a, b in ((one, two), (two, one)))
    assert first.median == pytest.approx(-second.median)
    assert first.spread == pytest.approx(second.spread)
    assert first.correlation == pytest.approx(second.correlation)


@pytest.mark.parametrize("unknown", [0.0, -1.0, 100.0, 200.0, np.nan, np.inf])
def test_what_programs_write_for_unknown_is_left_out(unknown):
    theirs = smooth() + 1
    theirs[:10] = unknown
    found = agreement(result(smooth()), other(theirs), SAME)
    assert found.compared.sum() == 6 * 16 * 20 and not found.compared[:10].any()
    assert found.median == pytest.approx(-1, abs=1e-5)
    # Beyond, a surface shows the nearest difference.
    assert np.allclose(found.difference, -1, atol=1e-5)


def test_another_voxel_size_and_origin_change_nothing():
    """Every second voxel of a smooth map, cut and placed by its origin, holds the same values."""
    density = Density(smooth(), (1.0,) * 3, (5.0, 6.0, 7.0))
    coarse = Density(density.values[2::2, 2::2, 2::2], (2.0,) * 3, (7.0, 8.0, 9.0))
    found = agreement(result(density.values), coarse, grid_to_grid(density, coarse))
    assert found.median == pytest.approx(0, abs=0.02)
    assert found.spread < 0.1 and found.correlation > 0.99
    # Samples beyond half of the outermost voxel are not made up.
    assert not found.compared[:2].any()


def test_interpolation_never_mixes_in_the_background():
    density = Density(smooth(), (1.0,) * 3)
    half = other(np.where(np.arange(28) < 14, smooth(), 0))
    shifted = SAME.copy()
    shifted[:, 3] = 0.25
    found = agreement(result(density.values), half, shifted)
    assert np.abs(found.difference).max() < 0.5


def test_a_missing_origin_counts_for_boxes_of_other_sizes_only():
    here = Density(smooth(), (1.0,) * 3, (5.0, 6.0, 7.0))
    assert np.array_equal(grid_to_grid(here, other(smooth())), SAME)
    moved = other(smooth(), 2.0, (1.0, 6.0, 7.0))
    assert np.allclose(grid_to_grid(here, moved)[:, 3], (0, 0, 2))
    # A zone cut out of a map whose origin is zero.
    zone = other(smooth()[4:14, 5:15, 6:16], origin=(6.0, 5.0, 4.0))
    whole = Density(smooth(), (1.0,) * 3)
    found = agreement(result(whole.values), zone, grid_to_grid(whole, zone))
    assert found.median == 0 and found.spread == 0
    assert np.argwhere(found.compared).min(axis=0).tolist() == [4, 5, 6]


@pytest.mark.parametrize(
    ("theirs", "says"),
    [
        (np.zeros(SHAPE), "holds no resolutions"),
        (np.full(SHAPE, 100.0), "holds no resolutions"),
        (np.abs(smooth() - 6) / 10, "holds no resolutions"),
        (np.where(np.indices(SHAPE)[0] < 4, 5, 0), "in only 0% of the resolved voxels"),
    ],
)
def test_what_is_no_local_resolution_of_the_map_is_said(theirs, says):
    with pytest.raises(MapResError, match=says):
        agreement(result(smooth()), other(theirs), SAME)


@pytest.mark.parametrize(
    ("theirs", "says"),
    [
        (Density(smooth(), (0.0,) * 3), "voxel size"),
        (Density(smooth(), (1.0,) * 3, cell_angles=(90, 90, 120)), "non-orthogonal"),
        (Density(smooth() + 0j, (1.0,) * 3), "complex"),
    ],
)
def test_grids_that_cannot_be_are_refused(theirs, says):
    with pytest.raises(MapContentError, match=says):
        checked_resolution(theirs)


def test_nothing_resolved_on_our_side_is_said():
    ours = result(smooth())
    ours = replace(ours, beyond=ours.mask)
    with pytest.raises(MapContentError, match="nothing is resolved"):
        agreement(ours, other(smooth()), SAME)


def test_warnings_of_the_other_are_handed_on():
    found = agreement(result(smooth()), other(smooth()), SAME, warnings=("It is small.",))
    assert found.warnings == ("theirs: It is small.",)


def test_a_constant_has_no_correlation():
    assert agreement(result(smooth()), other(np.full(SHAPE, 5.0)), SAME).correlation is None
