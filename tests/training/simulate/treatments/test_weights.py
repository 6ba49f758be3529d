"""Weights are those of Rosenthal and Henderson, and a Guinier plot finds the B factor put in."""

import numpy as np
import pytest

from mapres.fourier import Shells, filtered
from training.simulate.recipe import Recipe
from training.simulate.reconstruct import reconstruct
from training.simulate.treatments.deposit import deposit
from training.simulate.treatments.treatment import ROOT, WIENER, Treatment
from training.simulate.treatments.weights import (
    fsc_weights,
    full_map_fsc,
    guinier_b_factor,
    measured_fsc,
)

RECIPE = Recipe(resolution=4.0, voxel_size=1.2, shape=(72, 72, 72))


@pytest.fixture(scope="module")
def made(ball):
    return reconstruct(ball, RECIPE, np.random.default_rng(0))


def test_full_map_fsc_of_an_eighth_and_of_one():
    np.testing.assert_allclose(full_map_fsc(np.array([1.0, 1 / 7, 0.0, -1.0])), [1, 0.25, 0, 0])


def test_weights_end_at_the_first_zero():
    fsc = np.array([1.0, 1 / 7, 0.0, 0.5])
    np.testing.assert_allclose(fsc_weights(fsc, WIENER), [1, 0.25, 0, 0])
    np.testing.assert_allclose(fsc_weights(fsc, ROOT), [1, 0.5, 0, 0])


def test_the_measured_fsc_in_the_mask_crosses_farther_than_that_of_the_box(made):
    in_mask, in_box = (measured_fsc(made, each) for each in (True, False))
    assert np.flatnonzero(in_mask < 0.143)[0] > np.flatnonzero(in_box < 0.143)[0]


def test_a_b_factor_that_is_put_in_is_found(made):
    weights = fsc_weights(measured_fsc(made, True), ROOT)
    blurred = filtered(made.average, 1.2, lambda s2: np.exp(-0.25 * 60 * s2))
    for ends in ((10, made.resolution), (10, 0.0)):
        before, after = (guinier_b_factor(m, weights, 1.2, ends) for m in (made.average, blurred))
        assert after - before == pytest.approx(60, rel=0.01)


def test_a_guinier_plot_of_all_weights_falls_faster_than_one_that_ends_at_the_resolution(made):
    """Beyond the resolution weights fall to 0; RELION fits them too."""
    weights = fsc_weights(measured_fsc(made, True), ROOT)
    within, beyond = (
        guinier_b_factor(made.average, weights, 1.2, (10, fine)) for fine in (made.resolution, 0.0)
    )
    assert beyond > 1.1 * within


def test_wiener_weights_leave_the_map_that_is_nearest_to_the_signal(ball, made):
    """It correlates best with the same signal in other noise."""
    clean = reconstruct(ball, RECIPE, np.random.default_rng(1)).average
    raw, root, wiener = (
        np.corrcoef(deposit(made, Treatment(weights=kind))[0].values.ravel(), clean.ravel())[0, 1]
        for kind in (None, ROOT, WIENER)
    )
    assert raw < root < wiener


def test_post_processing_lets_noise_through_until_the_fsc_is_zero(made):
    """It is not filtered at the resolution: its amplitudes end with a cliff beyond it."""
    density, _ = deposit(made, Treatment(weights=ROOT, guinier=(10, 0)))
    shells = Shells(RECIPE.shape, RECIPE.voxel_size)
    weights = fsc_weights(measured_fsc(made, True), ROOT)
    last = np.flatnonzero(weights)[-1] + 1
    power = shells.power(density.values)
    assert shells.frequency[last] > 1 / made.resolution
    assert power[last + 2] < 1e-6 * power[last - 1]
