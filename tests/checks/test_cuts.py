"""Maps of which values were cut off or out."""

from dataclasses import replace

import numpy as np
import pytest

import mapres
from mapres.checks.values import measure_cuts


def level_and_height(density):
    level = float(np.median(density.values))
    return level, float(np.percentile(density.values, 99.5)) - level


def cut(density, name):
    values, (level, height) = density.values, level_and_height(density)
    return {
        "at the solvent": lambda: np.maximum(values, level),
        "below the solvent": lambda: np.maximum(values, level - 0.3 * height),
        "at a contour": lambda: np.maximum(values, level + 0.3 * height),
        "at its top": lambda: np.minimum(values, level + 0.7 * height),
        "0 below a contour": lambda: np.where(values > level + 0.3 * height, values, 0),
        "0 about the solvent": lambda: np.where(np.abs(values - level) > 0.2 * height, values, 0),
    }[name]()


CUTS = (
    *("at the solvent", "below the solvent", "at a contour", "at its top"),
    *("0 below a contour", "0 about the solvent"),
)


@pytest.mark.parametrize("name", CUTS)
@pytest.mark.parametrize("scale, offset", [(1.0, 0.0), (1e4, 3e4)])
def test_a_cut_map_has_no_verdict(density, name, scale, offset):
    values = (scale * cut(density, name) + offset).astype(np.float32)
    found = mapres.validate(replace(density, values=values), claimed=4.4)
    assert found.verdict == "inconclusive"
    assert sum("as no filter does" in text for text in found.warnings) == 1


def test_local_resolution_says_so_too(density):
    values = cut(density, "at the solvent").astype(np.float32)
    found = mapres.local_resolution(replace(density, values=values))
    assert any("was cut off" in text for text in found.warnings)


@pytest.mark.parametrize("seed", range(3))
def test_what_filters_leave_is_not_cut(density, seed):
    rng = np.random.default_rng(seed)
    noise = density.values + rng.normal(size=density.values.shape).astype(np.float32)
    for values in (density.values, noise, np.rint(30 * noise)):
        cuts = measure_cuts(values.astype(np.float32))
        assert max(cuts.floor, cuts.ceiling) < 1e-3
        assert cuts.outside < 0.2 or cuts.gap < 0.05
