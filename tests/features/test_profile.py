"""The spectral profile of a map: what it says, and what it must not depend on."""

from dataclasses import replace

import numpy as np
import pytest

from mapres.checks.measurements import measure_map
from mapres.density import Density
from mapres.features.profile import CURVES, FREQUENCIES, UNSEEN, profile

VOXEL = 2.0


@pytest.fixture(scope="module")
def ball() -> np.ndarray:
    z, y, x = np.indices((64, 64, 64)) - 32
    return z**2 + y**2 + x**2 < 16**2


def noisy(ball, signal: float) -> Density:
    """Return a map of white noise, stronger inside the ball by white density of a given spread."""
    rng = np.random.default_rng(4)
    inside, noise = rng.standard_normal((2, *ball.shape)).astype(np.float32)
    return Density(signal * inside * ball + noise, (VOXEL,) * 3)


def seen(density, mask) -> np.ndarray:
    return profile(measure_map(density, mask).spectra)


def test_signal_and_noise_are_told_apart_by_the_solvent(ball):
    """Molecule over solvent is 1 + 9 at every frequency, and 9/10 of the power is signal."""
    curves = seen(noisy(ball, 3.0), ball)
    told = curves[2] > UNSEEN
    assert curves.shape == (CURVES, len(FREQUENCIES)) and told.sum() > 30
    assert np.median(curves[2][told]) == pytest.approx(np.log(10) / 4, abs=0.05)
    assert np.median(curves[3][told]) == pytest.approx(0.9, abs=0.02)


def test_scale_and_offset_of_the_density_change_nothing(ball):
    density = noisy(ball, 3.0)
    changed = density.with_values(0.01 * density.values + 7)
    assert np.allclose(seen(changed, ball), seen(density, ball), atol=2e-3)


def test_nothing_is_told_past_two_voxels(ball):
    curves = seen(noisy(ball, 3.0), ball)
    assert np.all(curves[:, FREQUENCIES > 1 / (2 * VOXEL)] == UNSEEN)
    assert np.all(curves[0, (FREQUENCIES > 1 / 40) & (FREQUENCIES < 0.24)] > UNSEEN)


def test_voxels_twice_as_large_move_the_profile_by_an_octave(ball):
    density = noisy(ball, 3.0)
    fine = seen(density, ball)
    coarse = seen(replace(density, voxel_size=(2 * VOXEL,) * 3), ball)
    octave = int(np.argmin(np.abs(FREQUENCIES - FREQUENCIES[0] / 2)))
    both = (fine[0, :-octave] > UNSEEN) & (coarse[0, octave:] > UNSEEN)
    assert both.sum() > 30
    assert np.allclose(coarse[0, octave:][both], fine[0, :-octave][both], atol=0.02)


def test_flat_solvent_has_no_ratio(ball):
    density = noisy(ball, 3.0)
    masked = density.with_values(density.values * ball)
    curves = seen(masked, ball)
    assert np.all(curves[2:] == UNSEEN) and np.any(curves[1] > UNSEEN)
