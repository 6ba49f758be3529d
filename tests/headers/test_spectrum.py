"""The spectrum of a protein tells a voxel size that nobody set, and never doubts a right one."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mapres import io as mrc
from mapres.checks.check import Evidence, run_checks
from mapres.checks.density import DENSITY
from mapres.checks.measurements import measure_map
from mapres.headers.spectrum import LN_FREQUENCY, SPECTRUM, true_scale
from mapres.mask import solvent_mask

FREQUENCY = np.exp(np.arange(np.log(1 / 60), np.log(1 / 3.0), 0.02))


def protein(b_factor=0.0, noise=0.0, seed=0):
    """ln of the power of a protein at `FREQUENCY`, to 3 Å."""
    power = np.interp(np.log(FREQUENCY), LN_FREQUENCY, SPECTRUM)
    wobble = noise * np.random.default_rng(seed).standard_normal(power.size)
    return power - b_factor / 2 * FREQUENCY**2 + wobble


@pytest.mark.parametrize("size", [1.4, 1.5, 1.8, 2.2])
@pytest.mark.parametrize("b_factor", [0.0, 80.0, 200.0])
def test_a_larger_voxel_size_is_told(size, b_factor):
    found = true_scale(size * FREQUENCY, protein(b_factor, 0.05), None)
    assert found == pytest.approx(size, rel=0.1)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("b_factor", [0.0, 80.0, 200.0])
def test_the_right_one_is_not_doubted(b_factor, seed):
    assert true_scale(FREQUENCY, protein(b_factor, 0.1, seed), None) is None


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("slope", [-3, -1, 0, 1])
def test_other_spectra_tell_nothing(slope, seed):
    wobble = 0.2 * np.random.default_rng(seed).standard_normal(FREQUENCY.size)
    assert true_scale(FREQUENCY, slope * np.log(FREQUENCY) + wobble, None) is None


def test_nothing_above_the_noise_tells_nothing():
    assert true_scale(2 * FREQUENCY, protein(), protein() + 1) is None


@pytest.mark.parametrize(("size", "warned"), [(1.0, True), (1.5, False), (1.0001, False)])
def test_a_real_size_of_1_5_called_1_is_said(size, warned):
    folder = Path(__file__).parents[2] / "examples"
    halves = [mrc.read(folder / f"half{k}.mrc.gz") for k in (1, 2)]
    mean = halves[0].with_values(0.5 * (halves[0].values + halves[1].values))
    density = replace(mean, voxel_size=(size,) * 3)
    measured = measure_map(density, solvent_mask(density))
    said = run_checks(DENSITY, Evidence(density, measurements=measured))
    found = [each for each in said if each.check.name == "voxel size of 1 Å"]
    assert bool(found) == warned
    if warned:
        assert "about 1." in found[0].text and "voxel_size" in found[0].text
