"""Maps whose densities were changed one by one."""

import numpy as np
import pytest
from scipy import ndimage

import mapres
from mapres.checks.values import measure_contrast


def changed(values, name):
    level = np.float32(np.median(values))
    height = (values - level) / np.float32(np.percentile(values, 99.9) - level)
    return {
        "root": lambda: np.sign(height) * np.sqrt(np.abs(height)),
        "softplus": lambda: np.logaddexp(0, 20 * height),
        "exponential": lambda: np.exp(4 * height),
        "saturated": lambda: np.tanh(3 * height),
        "cut off, then interpolated": lambda: ndimage.zoom(np.maximum(height, 0), 1.2, order=3),
    }[name]()


CURVES = ("root", "softplus", "exponential", "saturated", "cut off, then interpolated")


@pytest.mark.parametrize("name", CURVES)
def test_a_map_of_changed_densities_has_no_verdict(density, name):
    values = changed(density.values, name).astype(np.float32)
    found = mapres.validate(density.with_values(values), claimed=4.4)
    assert found.verdict == "inconclusive"
    assert any("as no filter does" in text for text in found.warnings)


def noise_of(kind, rng):
    noise = rng.normal(size=(96,) * 3)
    fading = np.exp(-(((np.arange(96) - 48) / 40.0) ** 2))
    return {
        "white": lambda: noise,
        "smooth": lambda: ndimage.gaussian_filter(noise, 1.5),
        "fading": lambda: noise * fading[:, None, None],
        "over a slope": lambda: noise + np.linspace(0, 10, 96),
        "in steps": lambda: np.rint(4 * noise),
    }[kind]()


@pytest.mark.parametrize("kind", ["white", "smooth", "fading", "over a slope", "in steps"])
def test_noise_that_filters_leave_is_symmetric_and_gaussian(kind):
    molecule = np.zeros((96,) * 3, dtype=bool)
    molecule[36:60, 36:60, 36:60] = True
    noise = noise_of(kind, np.random.default_rng(7)).astype(np.float32)
    found = measure_contrast(noise, molecule, 1.5)
    assert found.skewness == pytest.approx(0, abs=0.05)
    assert found.kurtosis == pytest.approx(3, abs=0.4)
    assert measure_contrast(-noise, molecule, 1.5).kurtosis == pytest.approx(found.kurtosis)


def test_squares_of_noise_have_long_tails_and_cut_peaks_are_saturated():
    rng = np.random.default_rng(8)
    noise = ndimage.gaussian_filter(rng.normal(size=(96,) * 3), 1.0).astype(np.float32)
    molecule = np.zeros(noise.shape, dtype=bool)
    molecule[36:60, 36:60, 36:60] = True
    assert measure_contrast(np.sign(noise) * noise**2, molecule, 1.5).kurtosis > 5
    assert measure_contrast(noise, molecule, 1.5).saturation < 0.05
    cut = ndimage.zoom(np.minimum(noise, noise.std()), 1.2, order=1)
    grown = ndimage.zoom(molecule, 1.2, order=0)
    assert measure_contrast(cut, grown, 1.5 / 1.2).saturation > 0.17


def test_without_solvent_noise_nothing_is_said():
    values = np.zeros((48,) * 3, dtype=np.float32)
    found = measure_contrast(values, np.ones(values.shape, dtype=bool), 1.0)
    assert (found.skewness, found.kurtosis) == (0, 3)
