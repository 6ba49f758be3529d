"""Half maps with a fault: it is named, and what they say is no longer believed."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

import mapres
from mapres.checks.check import FINER, HALF_MAPS, Evidence, discredited
from mapres.checks.half_map_measurements import measure_half_maps
from mapres.checks.half_maps import half_map_findings
from mapres.checks.table import CHECKS
from mapres.fourier import filtered
from mapres.half_maps import fsc_mask
from mapres.networks.registry import load
from mapres.progress import silent
from mapres.validation.analysis import analyze, find_molecule
from mapres.validation.verdict import verdict_by_half_maps
from training.simulate.half_map_faults import FAULTS, FILTERED, Pair, low_pass

EXAMPLES = Path(__file__).parents[2] / "examples"
SHAPES = ("sigmoid", "Butterworth", "Gaussian edge", "raised cosine")
ROWS = {name: set(due) for name, (_, due) in FAULTS.items()}


@pytest.fixture(scope="module")
def halves():
    return tuple(mapres.read(EXAMPLES / f"half{n}.mrc.gz") for n in (1, 2))


@pytest.fixture(scope="module")
def molecule():
    return mapres.read(EXAMPLES / "mask.mrc.gz").values > 0


@pytest.fixture(scope="module")
def sound(halves):
    return analyze(mean(halves), halves, load("default"), silent)


def mean(halves):
    values = 0.5 * (halves[0].values + halves[1].values)
    return halves[0].with_values(values.astype(np.float32), "mean")


def sphere(shape, radius):
    return np.linalg.norm(np.indices(shape) - 32.0, axis=0) < radius


def pair_of(halves, molecule, resolution):
    return Pair(halves, molecule, resolution, np.random.default_rng(5))


def findings_of(sound, halves, mask=None):
    """Return what is found about half maps beside the map of the sound ones, and measured."""
    density = sound.evidence.density
    molecule, _ = find_molecule(density)
    soft = fsc_mask(molecule, density.spacing) if mask is None else mask
    given = mask is not None
    pair = measure_half_maps(halves, molecule, density, soft, given_mask=given)
    return half_map_findings(sound.evidence.with_(half_maps=pair)), pair


def names(findings):
    return {finding.check.name for finding in findings}


def test_sound_half_maps_raise_no_doubt(sound):
    assert sound.of_half_maps == ()
    assert sound.judged(4.58).verdict == "consistent"


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_and_no_fine_claim_passes(sound, halves, molecule, name):
    make, due = FAULTS[name]
    found, pair = findings_of(sound, make(pair_of(halves, molecule, sound.fsc)))
    assert names(found) & set(due)
    fsc = None if HALF_MAPS in discredited(found) else pair.fsc
    verdict = verdict_by_half_maps(3.05, 3.0, fsc, limited=FINER in discredited(found))
    assert verdict in ("inconclusive", "optimistic")
    if due == (FILTERED,):
        assert verdict == "inconclusive"


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("resolution", [6.0, 10.0, 14.0])
def test_the_resolution_of_a_filter_is_read(sound, halves, shape, resolution):
    gain = low_pass(resolution, shape)
    both = tuple(h.with_values(filtered(h.values, h.voxel_size, gain)) for h in halves)
    found, pair = findings_of(sound, both)
    assert "filtered half maps" in names(found)
    assert pair.filtered == pytest.approx(resolution, rel=0.12)
    assert pair.fsc >= pair.filtered
    beyond = pair.curve.frequency > 1.01 / pair.filtered
    for curve in (pair.curve.unmasked, pair.curve.masked, pair.curve.corrected):
        assert (curve[beyond] == 0).all()


def test_a_soft_filter_is_told_with_where_it_ends(sound, halves):
    """A Butterworth filter of order 4 at 10 Å leaves 1/100 of the power at 6.5 Å."""
    both = tuple(
        h.with_values(
            filtered(
                h.values, h.voxel_size, lambda s2: 1 / np.sqrt(1 + 3 * (10 * np.sqrt(s2)) ** 8)
            )
        )
        for h in halves
    )
    found, pair = findings_of(sound, both)
    assert pair.filtered == pytest.approx(10.0, rel=0.12)
    assert pair.fsc == pytest.approx(6.5, rel=0.12)
    (text,) = (f.text for f in found if f.check.name == FILTERED)
    assert f"{pair.filtered:.1f} Å, softly" in text and f"beyond {pair.fsc:.1f} Å" in text
    verdict = verdict_by_half_maps(4.6, 3.0, pair.fsc, limited=FINER in discredited(found))
    assert verdict == "inconclusive"


def test_a_filter_beyond_the_crossing_changes_nothing(sound, halves):
    gain = low_pass(3.6, "raised cosine")
    both = tuple(h.with_values(filtered(h.values, h.voxel_size, gain)) for h in halves)
    found, pair = findings_of(sound, both)
    assert found == [] and pair.fsc == pytest.approx(sound.fsc, rel=0.01)


@pytest.mark.parametrize("method", ["mapres", "blocres", "monores"])
def test_filtered_half_maps_are_not_resolved_beyond(halves, method):
    gain = low_pass(10.0, "sigmoid")
    both = tuple(h.with_values(filtered(h.values, h.voxel_size, gain)) for h in halves)
    found = mapres.local_resolution(mean(both), half_maps=both, method=method)
    assert found.values[found.mask].min() >= 9
    assert any("low-pass filtered at about" in warning for warning in found.warnings)


def test_filtered_half_maps_judge_no_finer_claim(halves):
    gain = low_pass(10.0, "sigmoid")
    both = tuple(h.with_values(filtered(h.values, h.voxel_size, gain)) for h in halves)
    verdicts = [
        mapres.validate(mean(both), claimed=claim, half_maps=both).verdict
        for claim in (3.0, 4.4, 10.0)
    ]
    assert verdicts == ["inconclusive", "inconclusive", "consistent"]


@pytest.mark.parametrize("outside", [0.0, 5.0, -3.0])
@pytest.mark.parametrize("radius", [25, 28, 31.9])
def test_a_sphere_is_corrected_for_whatever_is_outside(halves, sound, radius, outside):
    inside = sphere(halves[0].values.shape, radius)
    both = tuple(h.with_values(np.where(inside, h.values, np.float32(outside))) for h in halves)
    answer = mapres.validate(mean(both), claimed=4.58, half_maps=both)
    assert answer.half_map_fsc == pytest.approx(sound.fsc, rel=0.04)
    assert answer.verdict == "consistent"
    said = any("half maps are masked" in warning for warning in answer.warnings)
    # A sphere that touches the faces is what reconstruction programs leave.
    assert said == (radius < 30) == answer.half_maps_masked


@pytest.mark.parametrize("change", ["sharpened", "masked far outside", "negative"])
def test_the_fsc_does_not_depend_on_what_was_done_to_the_map(halves, sound, change):
    """Its mask is found in the half maps."""
    density = mean(halves)
    values = {
        "sharpened": filtered(density.values, 1.5, lambda s2: np.exp(20 * s2)),
        "masked far outside": density.values * sphere(density.values.shape, 28),
        "negative": -density.values,
    }[change]
    both = tuple(h.with_values(-h.values) for h in halves) if change == "negative" else halves
    answer = mapres.validate(density.with_values(values), claimed=4.58, half_maps=both)
    assert answer.half_map_fsc == pytest.approx(sound.fsc, rel=1e-3)


def test_a_tight_mask_on_both_gives_no_verdict(halves, molecule):
    both = tuple(h.with_values(h.values * molecule) for h in halves)
    answer = mapres.validate(mean(both), claimed=3.05, half_maps=both)
    assert answer.verdict == "inconclusive" and answer.half_map_fsc is None
    assert CHECKS["half maps masked tightly"].sentence in answer.warnings


def test_an_fsc_that_rises_again_is_told_with_its_end(sound, halves, molecule):
    make, _ = FAULTS["noise in a band"]
    found, pair = findings_of(sound, make(pair_of(halves, molecule, sound.fsc)))
    assert pair.fsc > 1.5 * sound.fsc
    assert pair.rises_to == pytest.approx(sound.fsc, rel=0.15)
    text = next(f.text for f in found if f.check.name == "FSC that rises again")
    assert f"{pair.rises_to:.1f} Å" in text and f"{pair.fsc:.1f} Å" in text


def test_inverted_half_maps_are_masked_around_the_molecule(halves, sound):
    both = tuple(h.with_values(-h.values) for h in halves)
    answer = mapres.validate(mean(both), claimed=4.58, half_maps=both)
    assert answer.half_map_fsc == pytest.approx(sound.fsc, rel=0.01)
    assert answer.verdict == "consistent"
    assert any("Contrast is inverted" in warning for warning in answer.warnings)


@pytest.mark.parametrize("densest", [1.0, 2.5, 8.0])
def test_a_mask_cut_from_the_noise_is_too_tight(halves, densest):
    density = mean(halves)
    cut = density.values > np.percentile(density.values, 100 - densest)
    mask = density.with_values(cut.astype(np.float32), "cut")
    answer = mapres.validate(density, claimed=3.05, half_maps=halves, mask=mask)
    assert answer.verdict == "inconclusive" and answer.half_map_fsc is None
    assert any("too tight" in warning for warning in answer.warnings)


def test_a_few_voxels_correlate_by_themselves(sound, halves):
    few = np.zeros(halves[0].values.shape, dtype=np.float32)
    few[30:33, 30:33, 30:33] = 1
    found, _ = findings_of(sound, halves, few)
    assert "tight mask" in names(found)


def test_a_given_mask_is_used_as_it_is_and_named(halves, molecule):
    density = mean(halves)
    soft = ndimage.gaussian_filter(ndimage.binary_dilation(molecule, iterations=3) * 1.0, 1.5)
    mask = density.with_values(soft.astype(np.float32), "soft.mrc")
    answer = mapres.validate(density, claimed=4.4, half_maps=halves, mask=mask)
    curve = mapres.fourier_shell_correlation(
        halves[0].values, halves[1].values, density.voxel_size, mask.values
    )
    assert answer.half_map_fsc == pytest.approx(curve.resolution["0.143"])
    assert answer.warnings == () and answer.verdict == "consistent"
    assert json.loads(json.dumps(answer.as_json()))["mask"] == "soft.mrc"
    alone = mapres.validate(density, mask=mask)
    assert alone.resolution == pytest.approx(answer.resolution) and alone.mask == "soft.mrc"


def test_an_fsc_far_from_what_the_map_shows_is_no_verdict(sound):
    evidence = sound.evidence
    for interval, than in (((6.5, 8.0), "much finer"), ((2.9, 3.4), "much coarser")):
        (found,) = half_map_findings(evidence.with_(interval=interval))
        assert than in found.text and found.check.discredits == HALF_MAPS
        against = replace(sound, of_half_maps=(found,)).judged(4.58)
        assert against.verdict == "inconclusive"
    near = evidence.with_(interval=(5.3, 6.0))
    assert half_map_findings(near) == []
    # Nothing is contradicted by an interval that nobody relies on.
    wide = evidence.with_(interval=(6.5, 14.0))
    assert half_map_findings(wide) == []


def test_without_a_molecule_there_is_no_verdict(sound):
    (found,) = half_map_findings(sound.evidence.with_(fills_box=True))
    assert found.check.name == "FSC without a molecule" and found.check.discredits == HALF_MAPS


def test_half_maps_that_reach_the_nyquist_limit_are_not_accused(molecule):
    """Signal up to two voxels, ten times the noise of each, and solvent that is noise alone."""
    rng = np.random.default_rng(8)
    signal, *noises = rng.standard_normal((3, *molecule.shape), dtype=np.float32)
    soft = ndimage.gaussian_filter(molecule.astype(np.float32), 1.0)
    both = tuple(
        mapres.Density(3 * (1 + signal) * soft + noise, (1.5, 1.5, 1.5), name=f"half{n}")
        for n, noise in enumerate(noises)
    )
    density = mean(both)
    pair = measure_half_maps(both, molecule, density, fsc_mask(molecule, 1.5))
    assert pair.fsc == pytest.approx(density.nyquist)
    assert half_map_findings(Evidence(density, half_maps=pair)) == []
