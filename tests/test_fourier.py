"""Laws of the Fourier tools."""

import numpy as np
import pytest

from mapres import fourier


def wave(shape, k):
    z, y, x = (np.arange(n) / n for n in shape)
    phase = k[0] * z[:, None, None] + k[1] * y[:, None] + k[2] * x
    return np.cos(2 * np.pi * phase + 0.3).astype(np.float32)


def test_frequency_is_that_of_a_wave():
    shape, voxel_size = (20, 24, 30), (1.5, 1.2, 2.0)  # x, y, z
    transform = np.abs(fourier.forward(wave(shape, (3, 2, 5))))
    place = np.unravel_index(transform.argmax(), transform.shape)
    expected = np.hypot(np.hypot(3 / (20 * 2.0), 2 / (24 * 1.2)), 5 / (30 * 1.5))
    assert fourier.radial_frequency(shape, voxel_size)[place] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("shape", [(8, 9, 10), (9, 8, 7)])
def test_shell_sums_count_every_coefficient(shape, rng):
    values = rng.standard_normal(shape).astype(np.float32)
    power = np.abs(fourier.forward(values)) ** 2
    total = fourier.Shells(shape, 1.0).sums(power).sum()
    assert total / values.size == pytest.approx(float((values**2).sum()), rel=1e-4)  # Parseval


def test_the_nyquist_shell_is_there_at_every_voxel_size():
    """In float 0.5/1.2 over 1/(96 · 1.2) is 47.99999."""
    for edge in range(16, 34, 2):
        for voxel_size in np.round(np.arange(0.5, 4.0, 0.037), 3):
            shells = fourier.Shells((edge,) * 3, float(voxel_size))
            assert shells.nyquist == edge // 2
            assert shells.frequency[shells.nyquist] == pytest.approx(0.5 / voxel_size)


def test_a_shell_holds_what_rounds_to_it_and_half_as_much_as_its_mates(rng):
    """White noise of variance 1 has the power of its number of voxels in every shell."""
    values = rng.standard_normal((40, 44, 48)).astype(np.float32)
    shells = fourier.Shells(values.shape, 1.5)
    power = shells.power(values) / values.size
    assert power[5 : shells.nyquist] == pytest.approx(1, abs=0.25)
    assert shells.count.sum() == values.size


@pytest.mark.parametrize(("length", "width"), [(20, 4), (21, 3.5), (16, 8)])
def test_a_taper_falls_at_both_ends_and_nowhere_else(length, width):
    weights = fourier.taper(length, width)
    assert np.allclose(weights, weights[::-1]) and weights.min() > 0 and weights.max() <= 1
    assert (np.diff(weights[: length // 2]) >= 0).all()
    assert np.allclose(weights[int(np.ceil(width)) : length - int(np.ceil(width))], 1)


@pytest.mark.parametrize("target", [(32, 36, 40), (15, 27, 33), (12, 12, 12)])
def test_resizing_samples_the_same_wave(target):
    values = wave((24, 24, 24), (2, 3, 1))
    resized = fourier.resize(values, target)
    assert np.allclose(resized, wave(target, (2, 3, 1)), atol=1e-4)


def test_resizing_up_and_back_changes_nothing(rng):
    values = fourier.gaussian_low_pass(rng.standard_normal((21, 18, 16)), 1.0, 7.0)
    there = fourier.resize(values, (40, 37, 33))
    assert np.allclose(fourier.resize(there, values.shape), values, atol=2e-3)


def test_resizing_a_batch_equals_one_by_one(rng):
    batch = rng.standard_normal((3, 12, 12, 12)).astype(np.float32)
    together = fourier.resize(batch, (18, 18, 18))
    assert np.allclose(together, [fourier.resize(one, (18, 18, 18)) for one in batch], atol=1e-5)


def test_gaussian_low_pass_is_one_over_e_at_its_resolution():
    values = wave((40, 40, 40), (0, 0, 8))  # period 5 voxels
    smooth = fourier.gaussian_low_pass(values, 2.0, 10.0)
    assert np.allclose(smooth, values / np.e, atol=1e-4)
