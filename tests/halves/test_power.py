"""Where the power of half maps ends: filters of known resolution, and none where there is none."""

import numpy as np
import pytest

from mapres.fourier import filtered, resize
from mapres.fsc import fourier_shell_correlation
from training.simulate.half_map_faults import low_pass

VOXEL, SHAPE = 1.5, (64, 64, 64)


def pair(gain=None, slope=0.0):
    """Half maps of signal that falls by a B factor, and noise that falls by a power law."""
    rng = np.random.default_rng(3)
    white = rng.standard_normal((3, *SHAPE), dtype=np.float32)
    signal = filtered(white[0], VOXEL, lambda s2: 5 * np.exp(-60 * s2))
    noise = [filtered(w, VOXEL, lambda s2: (1 + 100 * s2) ** -slope) for w in white[1:]]
    both = [signal + each for each in noise]
    return both if gain is None else [filtered(each, VOXEL, gain) for each in both]


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0])
def test_no_filter_is_found_where_there_is_none(slope):
    assert fourier_shell_correlation(*pair(slope=slope), VOXEL).power_ends is None


@pytest.mark.parametrize("shape", ["sigmoid", "Butterworth", "Gaussian edge", "raised cosine"])
@pytest.mark.parametrize("resolution", [4.5, 7.0, 12.0])
def test_filters_of_any_shape_are_found(shape, resolution):
    fsc = fourier_shell_correlation(*pair(low_pass(resolution, shape)), VOXEL)
    assert fsc.power_ends == pytest.approx(resolution, rel=0.12)
    assert all(value >= fsc.power_ends for value in fsc.resolution.values())
    assert (fsc.unmasked[fsc.frequency > 1.01 / fsc.power_ends] == 0).all()


def butterworth(order, resolution):
    """The gain of a Butterworth filter that halves amplitudes at a resolution (Å)."""
    return lambda s2: 1 / np.sqrt(1 + 3 * (np.sqrt(s2) * resolution) ** (2 * order))


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("resolution", [6.0, 8.0])
def test_the_fsc_beyond_a_soft_filter_stands(order, resolution):
    """It weakens signal and noise alike."""
    sound = fourier_shell_correlation(*pair(), VOXEL).resolution["0.143"]
    fsc = fourier_shell_correlation(*pair(butterworth(order, resolution)), VOXEL)
    assert fsc.resolution["0.143"] == pytest.approx(sound, rel=0.01)


@pytest.mark.parametrize("order", [4, 5])
@pytest.mark.parametrize("resolution", [9.0, 12.0])
def test_a_soft_filter_is_read_where_it_halves_amplitudes_and_ends_later(order, resolution):
    fsc = fourier_shell_correlation(*pair(butterworth(order, resolution)), VOXEL)
    assert fsc.low_pass == pytest.approx(resolution, rel=0.12)
    # It leaves 1/100 of the power there.
    assert fsc.power_ends == pytest.approx(resolution / 33 ** (0.5 / order), rel=0.12)


def test_a_steep_filter_ends_the_power_where_it_halves_amplitudes():
    fsc = fourier_shell_correlation(*pair(butterworth(10, 9.0)), VOXEL)
    assert fsc.low_pass == fsc.power_ends == pytest.approx(9.0, rel=0.12)


@pytest.mark.parametrize("shell", [5, 6, 7])
@pytest.mark.parametrize("order", [6, 8])
def test_a_filter_in_the_first_shells_is_seen_as_the_noise_falls_on(shell, order):
    resolution = VOXEL * SHAPE[0] / shell
    fsc = fourier_shell_correlation(*pair(butterworth(order, resolution)), VOXEL)
    assert fsc.low_pass == pytest.approx(resolution, rel=0.2)


def test_the_fsc_ends_with_the_power_not_between_two_shells():
    """A shell before the end correlates, the next holds nothing: none crosses between them."""
    fsc = fourier_shell_correlation(*pair(low_pass(7.0, "raised cosine")), VOXEL)
    assert fsc.unmasked[fsc.frequency * fsc.power_ends <= 1].min() > 0.5
    assert fsc.resolution["0.143"] == fsc.resolution["0.5"] == fsc.power_ends


def test_a_b_factor_is_no_filter():
    fsc = fourier_shell_correlation(*pair(lambda s2: np.exp(-40 * s2)), VOXEL)
    assert fsc.power_ends is None


def test_one_filtered_half_map_is_enough():
    first, second = pair()
    cut = filtered(second, VOXEL, low_pass(8.0, "raised cosine"))
    fsc = fourier_shell_correlation(first, cut, VOXEL)
    assert fsc.power_ends == pytest.approx(8.0, rel=0.12)


def test_padded_transforms_end_at_the_old_nyquist_limit():
    """Their maps are finer sampled, and hold rounding beyond."""
    voxel = VOXEL * 64 / 72
    # The corners of the old transforms reach farther.
    both = [
        filtered(resize(half, (72, 72, 72)), voxel, lambda s2: s2 < 1 / (2 * VOXEL) ** 2)
        for half in pair()
    ]
    assert fourier_shell_correlation(*both, voxel).power_ends == pytest.approx(3.0, rel=0.05)


def test_a_crop_of_filtered_maps_is_filtered_still():
    both = [half[4:60, 4:60, 4:60] for half in pair(low_pass(9.0, "raised cosine"))]
    fsc = fourier_shell_correlation(*both, VOXEL)
    assert fsc.power_ends == pytest.approx(9.0, rel=0.2)
