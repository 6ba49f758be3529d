"""Agreement of two local resolutions: laws, other grids, what others write for unknown."""

import numpy as np
import pytest
from scipy import ndimage

from mapres.agreement import agreement
from mapres.density import Density
from mapres.errors import GridMismatchError
from mapres.local import LocalResolution
from mapres.resampling import grid_to_grid

SHAPE = (20, 24, 28)
SAME = np.eye(3, 4)


def smooth(seed=0, shape=SHAPE):
    noise = np.random.default_rng(seed).standard_normal(shape)
    values = ndimage.gaussian_filter(noise, 4)
    return (6 + values / values.std()).astype(np.float32)


def result(values, mask=None):
    if mask is None:
        mask = np.zeros(values.shape, dtype=bool)
        mask[4:-4, 4:-4, 4:-4] = True
    return LocalResolution(values, mask, "monores", (), 0.0)


def test_a_map_agrees_with_itself():
    found = agreement(result(smooth()), smooth(), SAME)
    assert (found.median, found.spread) == (0.0, 0.0)
    assert found.correlation == pytest.approx(1.0)
    assert not found.difference.any() and found.compared.sum() == 12 * 16 * 20


def test_a_shift_is_the_median_and_noise_the_spread():
    noise = np.random.default_rng(1).normal(scale=0.5, size=SHAPE)
    found = agreement(result(smooth()), smooth() + 2 + noise, SAME)
    assert found.median == pytest.approx(-2, abs=0.05)
    assert found.spread == pytest.approx(0.5, rel=0.05)
    # r² = 1 / (1 + 0.25) where the variance inside the mask is 1; here it is that of a cutout.
    inside = smooth()[4:-4, 4:-4, 4:-4].var()
    assert found.correlation == pytest.approx((1 + 0.25 / inside) ** -0.5, abs=0.01)


def test_exchanging_the_two_changes_the_sign_only():
    one, other = smooth(1), smooth(2)
    first, second = (agreement(result(a), b, SAME) for a, b in ((one, other), (other, one)))
    assert first.median == pytest.approx(-second.median)
    assert first.spread == pytest.approx(second.spread)
    assert first.correlation == pytest.approx(second.correlation)


@pytest.mark.parametrize("unknown", [0.0, -1.0, 100.0, 200.0, np.nan, np.inf])
def test_what_programs_write_for_unknown_is_left_out(unknown):
    other = smooth() + 1
    other[:10] = unknown
    found = agreement(result(smooth()), other, SAME)
    assert found.compared.sum() == 6 * 16 * 20 and not found.compared[:10].any()
    assert found.median == pytest.approx(-1, abs=1e-5)
    # Beyond, a surface shows the nearest difference.
    assert np.allclose(found.difference, -1, atol=1e-5)


def test_another_voxel_size_and_origin_change_nothing():
    """Every second voxel of a smooth map, cut and placed by its origin, holds the same values."""
    density = Density(smooth(), (1.0,) * 3, (5.0, 6.0, 7.0))
    coarse = Density(density.values[2::2, 2::2, 2::2], (2.0,) * 3, (7.0, 8.0, 9.0))
    found = agreement(result(density.values), coarse.values, grid_to_grid(density, coarse))
    assert found.median == pytest.approx(0, abs=0.02)
    assert found.spread < 0.1 and found.correlation > 0.99
    # Samples beyond half of the outermost voxel are not made up.
    assert not found.compared[:2].any()


def test_interpolation_never_mixes_in_the_background():
    density = Density(smooth(), (1.0,) * 3)
    other = Density(np.where(np.arange(28) < 14, smooth(), 0), (1.0,) * 3)
    shifted = SAME.copy()
    shifted[:, 3] = 0.25
    found = agreement(result(density.values), other.values, shifted)
    assert np.abs(found.difference).max() < 0.5


def test_origins_count_only_where_both_have_one():
    with_origin = Density(smooth(), (1.0,) * 3, (5.0, 6.0, 7.0))
    without = Density(smooth(), (1.0,) * 3)
    assert np.array_equal(grid_to_grid(with_origin, without), SAME)
    moved = Density(smooth(), (2.0,) * 3, (1.0, 6.0, 7.0))
    assert np.allclose(grid_to_grid(with_origin, moved)[:, 3], (0, 0, 2))


@pytest.mark.parametrize("other", [np.zeros(SHAPE), np.full(SHAPE, 100.0)])
def test_nothing_in_common_is_said(other):
    with pytest.raises(GridMismatchError, match="holds no resolutions"):
        agreement(result(smooth()), other, SAME)


def test_a_constant_has_no_correlation():
    assert agreement(result(smooth()), np.full(SHAPE, 5.0), SAME).correlation is None
