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
