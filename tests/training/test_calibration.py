"""Intervals hold the truth as often as they say, over several simulated maps."""

from dataclasses import replace

import numpy as np
import pytest

import mapres
from mapres.density import Density
from mapres.features.distribution import BINS, CENTERS, probability_below
from mapres.validation.pooling import resolution_quantiles
from training.simulate.recipe import Recipe
from training.simulate.reconstruct import reconstruct

RESOLUTIONS = (3.3, 3.8, 4.5, 5.2, 6.0, 7.0)
# Two maps at each, as deposited without any filter. Their half-map FSC is known.
SEEDS = (1, 2)
# Of the twelve 90% intervals eleven hold it, of intervals of 60% nine.


@pytest.fixture(scope="module")
def simulated(ball):
    """Return maps of a ball of atoms with their half maps, resolution and true local resolution."""
    made = []
    for resolution in RESOLUTIONS:
        for seed in SEEDS:
            voxel_size = 0.35 * resolution
            edge = int(80 / voxel_size) // 2 * 2
            recipe = Recipe(resolution, voxel_size, (edge,) * 3, spread=0.15, noise_slope=0.5)
            made.append(reconstruct(ball, recipe, np.random.default_rng(seed)))
    return made


@pytest.fixture(scope="module")
def densities(simulated):
    sizes = [(m.recipe.voxel_size,) * 3 for m in simulated]
    return [Density(m.average, size) for m, size in zip(simulated, sizes, strict=True)]


def test_ninety_percent_of_a_distribution_lie_in_its_interval():
    for center, width in ((4.0, 0.05), (7.0, 0.3), (15.0, 0.2)):
        pooled = np.exp(-0.5 * (np.log(CENTERS / center) / width) ** 2) + 1e-3 / BINS
        low, middle, high = resolution_quantiles(pooled, nyquist=1.0)
        below = [probability_below(pooled, end) for end in (low, middle, high)]
        assert below == pytest.approx([0.05, 0.5, 0.95], abs=5e-3)


def test_global_intervals_hold_the_resolution_of_most_maps(simulated, densities):
    """Between 20 and 80% of the distributions there would be fewer."""
    held, ratios = 0, []
    for made, density in zip(simulated, densities, strict=True):
        found = mapres.validate(density)
        low, high = found.interval
        held += low <= made.resolution <= high
        ratios.append(found.resolution / made.resolution)
    assert held >= 10
    assert np.median(ratios) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("with_half_maps", [False, True])
def test_local_intervals_hold_the_truth_of_most_voxels(simulated, densities, with_half_maps):
    held, ratios = [], []
    for made, density in list(zip(simulated, densities, strict=True))[::3]:
        halves = (replace(density, values=made.half1), replace(density, values=made.half2))
        found = mapres.local_resolution(density, half_maps=halves if with_half_maps else None)
        inside = made.mask & found.mask
        low, high = (end[inside] for end in found.interval)
        truth = np.maximum(made.truth[inside], density.nyquist)
        held.append(np.mean((low <= truth) & (truth <= high)))
        ratios.append(np.median(found.values[inside] / truth))
    assert np.mean(held) == pytest.approx(0.9, abs=0.1)
    assert np.median(ratios) == pytest.approx(1, abs=0.1)
