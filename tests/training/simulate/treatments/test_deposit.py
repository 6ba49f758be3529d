"""Filters and levels leave what they promise, and the truth says so."""

import numpy as np
import pytest

from mapres.fourier import Shells
from training.simulate.recipe import Recipe
from training.simulate.reconstruct import reconstruct
from training.simulate.treatments.deposit import deposit, filtered_resolution
from training.simulate.treatments.draw_treatment import KINDS, SHARES, draw_treatment
from training.simulate.treatments.treatment import BUTTERWORTH, COSINE, GAUSSIAN, Treatment

RECIPE = Recipe(resolution=4.0, voxel_size=1.2, shape=(72, 72, 72))


@pytest.fixture(scope="module")
def made(ball):
    return reconstruct(ball, RECIPE, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("shape", "height"), [(COSINE, 0.5), (BUTTERWORTH, 0.5), (GAUSSIAN, 1 / np.e)]
)
def test_a_filter_has_its_height_at_the_resolution_it_is_named_by(made, shape, height):
    shells = Shells(RECIPE.shape, RECIPE.voxel_size)
    raw, low = (
        shells.power(deposit(made, treatment)[0].values)
        for treatment in (Treatment(), Treatment(low_pass=7.2, filter_shape=shape))
    )
    # 1 / 7.2 Å is shell 12 of a box of 86.4 Å.
    assert np.sqrt(low[12] / raw[12]) == pytest.approx(height, abs=0.03)
    assert np.sqrt(low[4] / raw[4]) > 0.85 > 0.3 > np.sqrt(low[18] / raw[18])


def test_a_local_filter_coarser_than_the_truth_becomes_it(made):
    density, truth = deposit(made, Treatment(local_filter=1.5))
    assert np.allclose(truth, 1.5 * made.truth)
    assert filtered_resolution(4.0, Treatment(local_filter=1.5)) == 6.0
    assert filtered_resolution(4.0, Treatment(local_filter=0.9, low_pass=5.0)) == 5.0
    shells = Shells(RECIPE.shape, RECIPE.voxel_size)
    raw, low = shells.power(made.average), shells.power(density.values)
    fine = shells.frequency > 1.3 / (1.5 * np.median(made.truth[made.mask]))
    assert (low[fine] < 0.05 * raw[fine])[: shells.nyquist].all() and low[2] > 0.9 * raw[2]


def test_a_gaussian_filter_is_no_limit_as_a_b_factor_is_none(made):
    blurred, truth = deposit(made, Treatment(low_pass=12.0, filter_shape=GAUSSIAN))
    # exp(-(12 s)²) is a B factor of 4 · 12² Å².
    as_b = -4 * 12.0**2 / (RECIPE.b_scale * RECIPE.resolution**2)
    same, _ = deposit(made, Treatment(sharpening=as_b))
    np.testing.assert_allclose(blurred.values, same.values, atol=1e-5 * np.abs(same.values).max())
    assert np.array_equal(truth, made.truth)
    assert filtered_resolution(4.0, Treatment(low_pass=12.0, filter_shape=GAUSSIAN)) == 4.0
    assert filtered_resolution(4.0, Treatment(low_pass=12.0)) == 12.0


def test_a_level_leaves_nothing_below_it(made):
    values = deposit(made, Treatment(clipped=0.1))[0].values
    raw = made.average
    level = 0.1 * np.percentile(raw, 99.5)
    assert set(np.unique(values[raw < level])) == {0.0}
    assert np.allclose(values[raw > 1.01 * level], raw[raw > 1.01 * level], atol=1e-5)


def test_every_kind_is_drawn_about_as_often_as_told_and_is_finite(made):
    rng = np.random.default_rng(0)
    drawn = [draw_treatment(made, rng) for _ in range(400)]
    for kind, share in SHARES.items():
        assert sum(each.kind == kind for each in drawn) / 400 == pytest.approx(share, abs=0.06)
    first = {each.kind: each for each in drawn}
    assert set(first) == set(KINDS)
    for treatment in first.values():
        density, truth = deposit(made, treatment)
        assert np.isfinite(density.values).all() and (truth >= 2 * RECIPE.voxel_size).all()


def test_density_modification_quiets_the_solvent_and_leaves_the_molecule(made):
    raw, modified = (deposit(made, Treatment(modified=m))[0].values for m in (0.0, 1.0))
    spread = {
        where: np.std(modified[inside]) / np.std(raw[inside])
        for where, inside in (("molecule", made.distance < 0), ("solvent", made.distance > 10))
    }
    assert spread["molecule"] > 0.8 and spread["solvent"] < 0.5
