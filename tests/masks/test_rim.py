"""A constant rim is no solvent: the molecule is found inside a sphere, cylinder or box."""

from dataclasses import replace

import numpy as np
import pytest
from handmade import folded_chain
from scipy import ndimage

from mapres.arrays.nearby import near
from mapres.mask import flat_solvent, solvent_mask
from mapres.masks.rim import leveled

CHAIN = replace(folded_chain((64, 64, 64)), origin=(0.0, 0.0, 0.0))
# The same, in the middle of a larger box of the same noise.
LARGE = np.random.default_rng(5).permutation(CHAIN.values[:8].ravel())
LARGE = np.resize(LARGE, (96, 96, 96)).astype(np.float32)
LARGE[16:80, 16:80, 16:80] = CHAIN.values
SPREAD = float(LARGE.std())


def solid(kind, n=96, radius=0.42):
    z, y, x = np.abs(np.indices((n, n, n)) - n // 2) / n
    return {
        "sphere": np.sqrt(x**2 + y**2 + z**2),
        "cylinder": np.maximum(np.sqrt(x**2 + y**2), z),
        "box": np.maximum(np.maximum(x, y), z),
    }[kind] < radius


@pytest.fixture(scope="module")
def whole():
    """Return where the molecule is found without a rim."""
    return solvent_mask(CHAIN.with_values(LARGE))


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


@pytest.mark.parametrize("kind", ["sphere", "cylinder", "box"])
@pytest.mark.parametrize("radius", [0.36, 0.42, 0.49, 0.58])
@pytest.mark.parametrize("offset", [-20.0, -3.0, 0.0, 3.0, 20.0])
def test_the_molecule_is_found_whatever_the_level_of_the_solvent(kind, radius, offset, whole):
    kept = solid(kind, radius=radius)
    values = np.where(kept, LARGE + np.float32(offset * SPREAD), np.float32(0))
    found = solvent_mask(CHAIN.with_values(values))
    assert flat_solvent(values) is None
    assert overlap(found, whole & kept) > 0.85


@pytest.mark.parametrize("offset", [-3.0, 3.0])
def test_a_rim_with_a_soft_edge(offset, whole):
    distance = np.linalg.norm(np.indices(LARGE.shape) - 48, axis=0)
    soft = 0.5 + 0.5 * np.cos(np.pi * np.clip((distance - 38) / 6, 0, 1))
    values = ((LARGE + offset * SPREAD) * soft).astype(np.float32)
    found = solvent_mask(CHAIN.with_values(values))
    assert overlap(found, whole & (distance < 38)) > 0.85


@pytest.mark.parametrize("offset", [-3.0, 3.0])
def test_a_rim_gets_the_level_of_the_solvent_with_a_note(offset):
    kept = solid("sphere")
    values = np.where(kept, LARGE + np.float32(offset * SPREAD), np.float32(0))
    found = leveled(CHAIN.with_values(values))
    assert np.ptp(found.values[~kept]) == 0
    assert found.values[0, 0, 0] == pytest.approx(offset * SPREAD, abs=0.1 * SPREAD)
    inner = solid("sphere", radius=0.39)
    assert np.array_equal(found.values[inner], values[inner])
    (note,) = found.notes
    assert "is 0 outside" in note
    # Once is enough.
    assert leveled(found) is found


def test_maps_without_a_step_stay_as_they_are(whole):
    for values in (LARGE, np.where(solid("sphere"), LARGE, 0), np.where(whole, LARGE, 0)):
        density = CHAIN.with_values(values.astype(np.float32))
        assert leveled(density) is density


def test_a_mask_of_the_molecule_is_no_rim(whole):
    values = np.where(whole, LARGE, 0).astype(np.float32)
    assert flat_solvent(values) is not None


@pytest.mark.parametrize("margin", [2, 5])
@pytest.mark.parametrize("offset", [-20.0, -3.0, 3.0, 20.0])
def test_a_mask_of_any_shape_in_solvent_at_another_level(margin, offset, whole):
    kept = near(whole, margin)
    values = np.where(kept, LARGE + np.float32(offset * SPREAD), np.float32(0))
    found = leveled(CHAIN.with_values(values))
    assert np.abs(found.values[~kept] / SPREAD - offset).max() < 0.5
    assert np.array_equal(found.values[kept], values[kept])
    assert leveled(found) is found
    # As where the solvent is at 0.
    alone = solvent_mask(CHAIN.with_values(np.where(kept, LARGE, 0).astype(np.float32)))
    assert overlap(solvent_mask(found), alone) > 0.95


@pytest.mark.parametrize("percentile", [90, 95, 98, 99.5])
@pytest.mark.parametrize("sigma", [0.0, 1.0, 2.0])
def test_below_a_contour_is_no_rim(percentile, sigma):
    values = ndimage.gaussian_filter(LARGE, sigma) if sigma else LARGE
    level = np.percentile(values, percentile)
    density = CHAIN.with_values(np.where(values > level, values, np.float32(0)))
    assert leveled(density) is density
