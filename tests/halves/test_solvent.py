"""Noise in common: seen in the solvent, and not where half maps are independent."""

import numpy as np
import pytest

from mapres.arrays.rim import centered, constant_rim
from mapres.density import Density
from mapres.halves.mask_noise import mask_noise
from mapres.halves.masking import fraction_quiet, quiet_blocks
from mapres.halves.solvent import solvent_correlation
from mapres.masks.rim import leveled

SHAPE = (64, 60, 66)
DISTANCE = np.linalg.norm(np.indices(SHAPE) - np.reshape([32, 30, 33], (3, 1, 1, 1)), axis=0)
MOLECULE = DISTANCE < 12


def noises(count, seed=0):
    return np.random.default_rng(seed).standard_normal((count, *SHAPE), dtype=np.float32)


def halves(common=0.0):
    first, second, shared, signal = noises(4)
    signal = 20 * signal * MOLECULE + common * shared
    return first + signal, second + signal


@pytest.mark.parametrize("common", [0.0, 0.3, 0.5, 1.0, 3.0])
def test_the_correlation_is_that_of_the_noise(common):
    expected = common**2 / (1 + common**2)
    found = solvent_correlation(*halves(common), MOLECULE, 1.5)
    assert found == pytest.approx(expected, abs=0.02)


def test_scale_and_offset_make_no_difference():
    first, second = halves(0.5)
    found = solvent_correlation(7 * first + 3, 0.1 * second - 9, MOLECULE, 1.5)
    assert found == pytest.approx(solvent_correlation(first, second, MOLECULE, 1.5), abs=1e-3)


def test_without_solvent_nothing_is_said():
    assert solvent_correlation(*halves(), DISTANCE < 60, 1.5) is None
    first, second = (half * (DISTANCE < 14) for half in halves(1.0))
    quiet = quiet_blocks(first, second)
    assert solvent_correlation(first, second, MOLECULE, 1.5, quiet) is None


@pytest.mark.parametrize("radius", [16, 20, 24, 28])
@pytest.mark.parametrize("outside", [0.0, 4.0])
def test_what_a_sphere_leaves_quiet_is_measured(radius, outside):
    inside = radius > DISTANCE
    first, second = (np.where(inside, half, np.float32(outside)) for half in halves())
    quiet = quiet_blocks(first, 3 * second + 1)
    expected = max(0.0, 1 - radius**3 / (0.9**1.5 * np.prod(np.array(SHAPE) / 2)))
    assert fraction_quiet(first, 3 * second + 1, quiet) == pytest.approx(expected, abs=0.03)


def test_noise_alone_is_nowhere_quiet():
    assert not quiet_blocks(*halves()).any()
    first, _ = halves()
    assert quiet_blocks(first, 2 * first) is None or not quiet_blocks(first, 2 * first).all()


def test_a_rim_is_put_at_the_level_of_the_rest():
    first, _ = noises(2)
    values = np.where(DISTANCE < 28, first + 7, np.float32(-40))
    assert constant_rim(first) is None and constant_rim(values).sum() == (DISTANCE >= 28).sum()
    assert centered(values)[DISTANCE >= 28].any() == False  # noqa: E712
    assert centered(values).mean() == pytest.approx(0, abs=0.05)
    changed = leveled(Density(values, (1.5,) * 3)).values
    assert changed[DISTANCE >= 28].mean() == pytest.approx(7, abs=0.2)
    density = Density(first, (1.5,) * 3)
    assert leveled(density) is density


def test_values_of_few_bits_are_no_rim():
    first, _ = noises(2)
    assert constant_rim(np.rint(10 * first)) is None


def test_only_a_mask_that_was_cut_from_noise_follows_it():
    first, second = halves()
    mean = first + second
    cut = (mean > np.percentile(mean, 97)).astype(np.float32)
    assert mask_noise(first, second, cut) > 0.25
    for mask in (MOLECULE, DISTANCE < 20, np.ones(SHAPE)):
        assert abs(mask_noise(first, second, mask.astype(np.float32))) < 0.05
