"""The simulator keeps its promise: the half maps' FSC crosses 0.143 where it was told to."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from mapres.fsc import first_crossing, fourier_shell_correlation
from training.data.structures import from_packed, rows
from training.simulate.recipe import Recipe
from training.simulate.reconstruct import reconstruct
from training.simulate.treatments.deposit import deposit
from training.simulate.treatments.treatment import Treatment

RECIPE = Recipe(resolution=4.0, voxel_size=1.2, shape=(72, 72, 72))


def crossing(made):
    """Return where the half maps' FSC, corrected for the mask, falls below 1/7 (Å)."""
    size = made.recipe.voxel_size
    curve = fourier_shell_correlation(made.half1, made.half2, size, made.soft_mask)
    level = np.full(curve.corrected.shape, 1 / 7)
    return first_crossing(curve.frequency, curve.corrected, level, 2 * size)


# A 40 Å ball has 100 independent coefficients in the shell at 7 Å: one FSC is 8% uncertain. At
# 2.6 Å it has 700.
@pytest.mark.parametrize(("resolution", "count"), [(2.6, 1), (3.5, 3), (5.0, 5), (7.0, 9)])
@pytest.mark.parametrize("spread", [0.0, 0.12])
def test_half_maps_cross_at_the_wanted_resolution(ball, resolution, count, spread):
    recipe = replace(RECIPE, resolution=resolution, spread=spread)
    made = [reconstruct(ball, recipe, np.random.default_rng(k)) for k in range(count)]
    crossings = [crossing(each) for each in made]
    assert np.median(crossings) == pytest.approx(resolution, rel=0.05)


def test_a_molecule_in_negative_stain_has_nothing_inside(ball):
    recipe = replace(RECIPE, resolution=7.0)
    stained, seen = (
        reconstruct(ball, replace(recipe, stained=each), np.random.default_rng(0))
        for each in (True, False)
    )
    within = [made.average[made.distance < -5] for made in (stained, seen)]
    contrast = [values.std() / values.mean() for values in within]
    assert contrast[0] < 0.5 < contrast[1]


def test_a_real_molecule_crosses_at_the_wanted_resolution(shared_data):
    row = next(r for r in rows(shared_data / "structures.tsv", set="complex", split="train"))
    structure = from_packed(shared_data / "structures.h5", int(row["index"]))
    made = reconstruct(structure, replace(RECIPE, shape=(108,) * 3), np.random.default_rng(0))
    assert crossing(made) == pytest.approx(4.0, rel=0.05)


def test_truth_is_about_the_wanted_resolution_where_nothing_varies(ball):
    """By 6 to 7% it is finer: a part of the mask of the FSC holds only noise."""
    made = reconstruct(ball, RECIPE, np.random.default_rng(0))
    assert np.median(made.truth[made.mask]) == pytest.approx(4.0, rel=0.1)
    assert np.log(made.truth[made.mask]).std() < 0.1
    # Linear instead of logarithmic interpolation between shells 1 / 86 Å apart.
    assert made.resolution == pytest.approx(4.0, rel=0.01)


def test_truth_orders_the_local_correlation(ball):
    """Where the truth says worse, the half maps agree less at the same frequency."""
    made = reconstruct(ball, replace(RECIPE, spread=0.2), np.random.default_rng(5))
    good = made.mask & (made.truth < np.percentile(made.truth[made.mask], 30))
    bad = made.mask & (made.truth > np.percentile(made.truth[made.mask], 70))
    local = {}
    for name, where in {"good": good, "bad": bad}.items():
        soft = ndimage.gaussian_filter(where.astype(np.float32), 1.5)
        curve = fourier_shell_correlation(made.half1, made.half2, 1.2, soft)
        band = (curve.frequency > 1 / 6) & (curve.frequency < 1 / 3.5)
        local[name] = np.asarray(curve.masked)[band].mean()
    assert local["good"] > local["bad"] + 0.1


def test_same_seed_same_map_and_another_seed_another(ball):
    first, again, other = (
        reconstruct(ball, RECIPE, np.random.default_rng(seed)).half1 for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again) and not np.allclose(first, other)


def test_noise_of_the_halves_is_independent(ball):
    made = reconstruct(ball, RECIPE, np.random.default_rng(0))
    solvent = ~ndimage.binary_dilation(made.mask, iterations=6)
    correlation = np.corrcoef(made.half1[solvent], made.half2[solvent])[0, 1]
    assert abs(correlation) < 0.05


def test_beyond_nyquist_is_refused(ball):
    with pytest.raises(ValueError, match="beyond the Nyquist limit"):
        reconstruct(ball, replace(RECIPE, resolution=2.0), np.random.default_rng(0))


def test_a_low_pass_coarser_than_the_noise_becomes_the_truth(ball):
    made = reconstruct(ball, replace(RECIPE, spread=0.1), np.random.default_rng(0))
    density, truth = deposit(made, Treatment(low_pass=8.0, filter_edge=0.05))
    assert (truth >= 8.0).all()
    power = np.abs(np.fft.rfft(density.values, axis=2)).mean(axis=(0, 1))
    frequency = np.fft.rfftfreq(72, 1.2)
    assert power[frequency > 1 / 7].max() < 1e-3 * power[frequency < 1 / 9].max()


def test_a_mask_leaves_flat_solvent_and_the_molecule_alone(ball):
    made = reconstruct(ball, RECIPE, np.random.default_rng(0))
    raw, _ = deposit(made, Treatment())
    masked, _ = deposit(made, Treatment(mask_distance=3.0, mask_edge=4.0))
    assert np.allclose(masked.values[made.mask], raw.values[made.mask], atol=1e-5)
    assert (masked.values[0] == 0).all() and raw.values[0].std() > 0


def test_a_quieted_solvent_keeps_what_it_is_told_to(ball):
    made = reconstruct(ball, RECIPE, np.random.default_rng(0))
    raw, _ = deposit(made, Treatment())
    quiet, filtered = (
        deposit(made, Treatment(mask_distance=3.0, solvent_kept=0.25, solvent_low_pass=low_pass))[0]
        for low_pass in (None, 12.0)
    )
    assert np.allclose(quiet.values[0], 0.25 * raw.values[0], atol=1e-6)
    assert np.allclose(quiet.values[made.mask], raw.values[made.mask], atol=1e-5)
    power = [
        np.abs(np.fft.rfft(density.values[0], axis=1)).mean(axis=0) for density in (quiet, filtered)
    ]
    frequency = np.fft.rfftfreq(72, 1.2)
    fine = frequency > 1 / 6
    assert power[1][fine].max() < 0.1 * power[0][fine].min()
