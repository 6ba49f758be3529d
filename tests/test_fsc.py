"""FSC: laws, a crossing known from the noise put in, and a brute-force sum over the full grid."""

import numpy as np
import pytest

from mapres.errors import GridMismatchError, MapContentError
from mapres.fourier import filtered
from mapres.fsc import first_crossing, fourier_shell_correlation

SHAPE = (56, 64, 60)
VOXEL = 1.5


def noise(seed, shape=SHAPE):
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def pair(limit=6.0, fall=400.0, shape=SHAPE):
    """Half maps with signal-to-noise exp(−fall (s² − 1/limit²)) / 6: FSC = 1/7 at ``limit`` Å."""
    signal = filtered(
        noise(0, shape), VOXEL, lambda s2: np.sqrt(np.exp(fall * (limit**-2 - s2)) / 6)
    )
    return signal + noise(1, shape), signal + noise(2, shape)


def ball(shape=SHAPE, radius=9):
    z, y, x = (np.arange(n) - n // 2 for n in shape)
    return z[:, None, None] ** 2 + y[None, :, None] ** 2 + x**2 <= radius**2


def test_identical_half_maps_correlate_to_one_down_to_nyquist():
    fsc = fourier_shell_correlation(noise(0), noise(0), VOXEL, ball())
    for curve in (fsc.unmasked, fsc.masked, fsc.corrected):
        np.testing.assert_allclose(curve, 1, atol=1e-5)
    assert fsc.resolution == {"0.143": 3.0, "0.5": 3.0, "half-bit": 3.0}
    assert fsc.frequency[-1] == pytest.approx(1 / 3.0)


def test_a_map_and_its_negative_correlate_to_minus_one():
    fsc = fourier_shell_correlation(noise(0), -noise(0), VOXEL)
    np.testing.assert_allclose(fsc.unmasked, -1, atol=1e-5)
    assert fsc.resolution == {"0.143": None, "0.5": None, "half-bit": None}


def test_independent_noise_correlates_within_its_standard_error():
    fsc = fourier_shell_correlation(noise(1), noise(2), VOXEL)
    width = fsc.frequency[0]
    volume = np.prod(np.array(SHAPE) * VOXEL)
    independent = 4 * np.pi * fsc.frequency**2 * width * volume / 2
    assert np.sqrt(np.mean(independent * fsc.unmasked**2)) == pytest.approx(1, abs=0.4)


@pytest.mark.parametrize("limit", [4.5, 6.0, 9.0])
def test_crossings_are_where_the_noise_put_in_says(limit):
    fsc = fourier_shell_correlation(*pair(limit), VOXEL)
    assert fsc.resolution["0.143"] == pytest.approx(limit, rel=0.04)
    # FSC is 1/2 where signal and noise are equal, so where exp(400 (1/limit² − s²)) = 6.
    half = (limit**-2 - np.log(6) / 400) ** -0.5
    assert fsc.resolution["0.5"] == pytest.approx(half, rel=0.04)


def test_every_shell_equals_the_plain_sum_over_the_full_grid():
    shape, voxel = (18, 21, 16), (1.0, 1.1, 1.3)
    first, second = pair(shape=shape)
    fsc = fourier_shell_correlation(first, second, voxel)
    a, b = np.fft.fftn(first), np.fft.fftn(second)
    sizes = voxel[::-1]
    axes = [np.fft.fftfreq(n, d) for n, d in zip(shape, sizes, strict=True)]
    z, y, x = np.meshgrid(*axes, indexing="ij")
    s = np.sqrt(z**2 + y**2 + x**2)
    width = 1 / max(n * d for n, d in zip(shape, sizes, strict=True))
    for number, frequency in enumerate(fsc.frequency, start=1):
        shell = np.rint(s / width) == number
        expected = np.sum(a[shell] * b[shell].conj()).real / np.sqrt(
            np.sum(abs(a[shell]) ** 2) * np.sum(abs(b[shell]) ** 2)
        )
        assert frequency == pytest.approx(number * width)
        assert fsc.unmasked[number - 1] == pytest.approx(expected, abs=1e-4)
    assert fsc.frequency[-1] <= 0.5 / max(sizes) < fsc.frequency[-1] + width


def test_rotating_both_half_maps_changes_nothing():
    first, second = pair()
    turned = [np.rot90(half, axes=(0, 2)) for half in (first, second)]
    before = fourier_shell_correlation(first, second, (1.5, 1.5, 1.5)).unmasked
    np.testing.assert_allclose(fourier_shell_correlation(*turned, 1.5).unmasked, before, atol=1e-4)


def test_scaling_and_a_constant_change_nothing():
    first, second = pair()
    before = fourier_shell_correlation(first, second, VOXEL, ball())
    after = fourier_shell_correlation(7 * first + 3, 0.2 * second - 5, VOXEL, ball())
    np.testing.assert_allclose(after.corrected, before.corrected, atol=1e-4)


def test_correction_takes_away_what_a_sharp_mask_makes():
    # The strong low frequencies of a real map leak past 9 Å.
    fsc = fourier_shell_correlation(*pair(9.0, fall=1000.0), VOXEL, ball())
    beyond = fsc.frequency > 1 / 6.0
    assert np.mean(fsc.unmasked[beyond]) == pytest.approx(0, abs=0.03)
    assert np.mean(fsc.masked[beyond]) > 0.3
    assert np.mean(fsc.phase_randomized[beyond]) > 0.3
    assert np.mean(np.abs(fsc.corrected[beyond])) < 0.15
    level = np.full(fsc.masked.shape, 0.143)
    assert fsc.resolution["0.143"] > first_crossing(fsc.frequency, fsc.masked, level, 2 * VOXEL)


def test_the_seed_decides_the_random_phases():
    curves = [
        fourier_shell_correlation(*pair(), VOXEL, ball(), seed=seed).phase_randomized
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(curves[0], curves[1])
    assert not np.array_equal(curves[0], curves[2])


def test_crossing_lies_on_the_straight_line_between_shells():
    frequency, level = np.array([0.1, 0.2, 0.3]), np.full(3, 0.5)
    assert first_crossing(frequency, np.array([1.0, 0.6, 0.2]), level, 2.0) == pytest.approx(
        4.444, 1e-3
    )
    assert first_crossing(frequency, np.array([1.0, 0.6, 0.5]), level, 2.0) == 2.0
    assert first_crossing(frequency, np.array([0.4, 0.9, 0.2]), level, 2.0) is None


@pytest.mark.parametrize(
    ("half", "mask", "error", "says"),
    [
        (noise(1, (56, 64, 62)), None, GridMismatchError, "half maps"),
        (np.ones(SHAPE), None, MapContentError, "constant"),
        (np.full(SHAPE, np.nan), None, MapContentError, "NaN"),
        (np.ones((4, 4)), None, MapContentError, "2 dimensions"),
        (noise(1), np.zeros(SHAPE), MapContentError, "mask is empty"),
        (noise(1), np.ones((4, 4, 4)), GridMismatchError, "mask"),
    ],
)
def test_bad_input_is_one_sentence(half, mask, error, says):
    with pytest.raises(error, match=says):
        fourier_shell_correlation(noise(0), half, VOXEL, mask)
