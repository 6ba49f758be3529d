"""What a curve says beside its crossing: in other masks, where it runs along 0.143, or rises."""

import numpy as np
import pytest

from mapres.fourier import filtered
from mapres.fsc import ShellCorrelation, fourier_shell_correlation
from mapres.half_maps import fsc_mask, mask_freedom
from mapres.halves.curves import range_in_masks, rises_to, runs_to

SHELLS = np.arange(1, 61) / 120


def curve(fsc, error=0.02):
    """A curve of 60 shells up to 2 Å, with the same standard error everywhere."""
    fsc = np.asarray(fsc, dtype=float)
    errors = np.full(fsc.shape, error)
    return ShellCorrelation(SHELLS, fsc, None, None, None, errors, None, None, 2.0, errors, None)


def falling(at, width=0.02):
    """An FSC that falls through 0.143 at a frequency (1/Å)."""
    return 1 / (1 + 6 * np.exp((SHELLS - at) / width))


def ball(shape, radius, spacing):
    axes = [(np.arange(n) - n // 2) * spacing for n in shape]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    return z**2 + y**2 + x**2 <= radius**2


@pytest.mark.parametrize("radii", [(22.0, 30.0), (26.0, 36.0)])
def test_the_range_is_what_the_fsc_is_in_other_masks(radii):
    """A ball of 16 Å whose signal falls by a B factor, in white noise."""
    shape, spacing = (72, 72, 72), 1.5
    rng = np.random.default_rng(12)
    white = rng.standard_normal((3, *shape), dtype=np.float32)
    inside = ball(shape, 16.0, spacing)
    signal = filtered(white[0], spacing, lambda s2: 12 * np.exp(-30 * s2)) * inside
    both = [signal + noise for noise in white[1:]]
    masks = [fsc_mask(ball(shape, r, spacing), spacing) for r in (28.0, *radii)]
    own, *others = (fourier_shell_correlation(*both, spacing, mask) for mask in masks)
    squares = [float(np.sum(mask.astype(float) ** 2)) for mask in masks]
    found = range_in_masks(own, (squares[1] / squares[0], squares[2] / squares[0]))
    assert found[0] < own.crossing(0.143) < found[1]
    for each, other in zip(found, others, strict=True):
        assert each == pytest.approx(other.crossing(0.143), rel=0.04)


def test_in_the_same_mask_the_range_is_the_crossing():
    sound = curve(falling(0.25))
    assert range_in_masks(sound, (1.0, 1.0)) == pytest.approx((sound.crossing(0.143),) * 2)


def test_the_range_does_not_reach_beyond_the_end_of_the_power():
    sound = curve(falling(0.45))
    cut = ShellCorrelation(**vars(sound) | {"low_pass": 2.3, "power_ends": 2.3, "finest": 2.3})
    assert range_in_masks(cut, (0.5, 1.0)) == (2.3, 2.3)


@pytest.mark.parametrize("spacing", [0.6, 1.0, 1.7, 2.4])
def test_masks_of_laboratories_have_the_volumes_of_shells(spacing):
    n = int(90 / spacing)
    narrow, wide = mask_freedom(ball((n, n, n), 25.0, spacing), spacing)
    reach = max(4.0, 2 * spacing)
    own = (25 + reach) ** 3
    assert narrow == pytest.approx((25 + reach - 3) ** 3 / own, rel=0.08)
    assert wide == pytest.approx((25 + reach + 3) ** 3 / own, rel=0.08)


def test_a_curve_that_falls_neither_runs_nor_rises():
    for width in (0.01, 0.02, 0.03):
        assert runs_to(curve(falling(0.25, width))) is None
        assert rises_to(curve(falling(0.25, width))) is None


def test_a_curve_that_stays_near_the_level_runs_to_where_it_falls():
    fsc = np.where(SHELLS < 0.25, falling(0.25, 0.01), np.where(SHELLS < 0.37, 0.13, 0.0))
    assert runs_to(curve(fsc)) == pytest.approx(1 / 0.37, rel=0.03)
    # To the last shell.
    assert runs_to(curve(np.maximum(falling(0.25), 0.13))) == pytest.approx(2.0)


def test_few_uncertain_shells_are_no_run():
    fsc = np.where(SHELLS < 0.25, falling(0.25, 0.01), np.where(SHELLS < 0.37, 0.13, 0.0))
    assert runs_to(curve(fsc, error=0.3)) is None


def test_noise_beyond_the_crossing_is_no_run():
    rng = np.random.default_rng(4)
    for _ in range(200):
        noisy = curve(falling(0.25) + rng.normal(0, 0.05, SHELLS.shape), error=0.05)
        assert runs_to(noisy) is None
