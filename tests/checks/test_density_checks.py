"""Warnings from the density alone: each is given where it should be, and nothing else is."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

import mapres
from mapres.checks.check import Evidence, discredited, run_checks
from mapres.checks.density import DENSITY
from mapres.checks.measurements import measure_map
from mapres.checks.table import CHECKS
from mapres.cliff import low_pass
from mapres.density import Density
from mapres.fourier import filtered
from mapres.validation.analysis import find_molecule

VOXEL = 1.5
RESOLUTION = 5.0


def found(density, claimed=None, mask=None):
    mask = find_molecule(density)[0] if mask is None else mask
    evidence = Evidence(density, claimed=claimed, measurements=measure_map(density, mask))
    return run_checks(DENSITY, evidence)


def said(density, claimed=None):
    return [finding.text for finding in found(density, claimed)]


def names(density, claimed=None):
    return [finding.check.name for finding in found(density, claimed)]


def low_passed(density, resolution):
    def gain(s2):
        past = np.clip((np.sqrt(s2) * resolution - 1) / 0.1, -1, 1)
        return 0.5 - 0.5 * np.sin(0.5 * np.pi * past)

    return density.with_values(filtered(density.values, density.voxel_size, gain))


def resolution_in(warning):
    return float(warning.partition("low-pass filtered at about ")[2].partition(" Å")[0])


def white(shape, seed=5):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def radius(n=48):
    return np.linalg.norm(np.indices((n, n, n)) - (n - 1) / 2, axis=0)


@pytest.fixture(scope="module")
def calculated():
    """Atoms in two lobes, 64³ voxels of 1.5 Å, as Gaussians of a 5 Å map: no noise."""
    rng = np.random.default_rng(11)
    atoms = np.concatenate([rng.normal(c, 5.0, (700, 3)) for c in ((26, 30, 30), (38, 34, 31))])
    points = np.zeros((64, 64, 64), dtype=np.float32)
    np.add.at(points, tuple(np.rint(atoms).astype(int).T), 1)
    sigma = 0.225 * RESOLUTION / VOXEL
    return Density(ndimage.gaussian_filter(points, sigma, truncate=6.0), (VOXEL,) * 3, name="two")


@pytest.fixture(scope="module")
def measured(calculated):
    """The same with white noise as strong as the molecule at its resolution."""
    noise = 0.4 * calculated.values.std() * white(calculated.values.shape)
    return calculated.with_values(calculated.values + noise)


def test_an_ordinary_map_gives_no_warning(measured):
    assert said(measured, RESOLUTION) == []
    assert said(low_passed(measured, RESOLUTION), RESOLUTION) == []


def test_scale_offset_and_turning_do_not_matter(measured):
    changed = low_passed(measured, 9.0)
    turned = np.ascontiguousarray(np.rot90(changed.values))
    for values in (1e3 * changed.values - 50, 1e-6 * changed.values, turned):
        (warning,) = said(changed.with_values(values.astype(np.float32)), 5.0)
        assert resolution_in(warning) == pytest.approx(9.0, rel=0.1)


def test_a_low_pass_coarser_than_the_claim_is_named(measured):
    (warning,) = said(low_passed(measured, 9.0), 6.0)
    assert resolution_in(warning) == pytest.approx(9.0, rel=0.1) and "claimed 6 Å" in warning
    assert said(low_passed(measured, 9.0), 9.0) == []
    assert said(low_passed(measured, 9.0)) == []


def test_a_low_pass_scales_with_the_voxel(measured):
    changed = low_passed(measured, 9.0)
    wider = replace(changed, voxel_size=(3 * VOXEL,) * 3)
    spectra = [
        measure_map(density, np.ones(density.values.shape, dtype=bool)).spectra
        for density in (changed, wider)
    ]
    fine, coarse = map(low_pass, spectra)
    assert coarse == pytest.approx(3 * fine)


def test_no_filter_is_seen_in_the_first_shells(measured):
    """They hold few coefficients, and the power falls steeply there."""
    everywhere = np.ones(measured.values.shape, dtype=bool)
    box = VOXEL * measured.values.shape[0]
    for resolution, seen in ((box / 5, False), (box / 10, True)):
        spectra = measure_map(low_passed(measured, resolution), everywhere).spectra
        assert (low_pass(spectra) is not None) == seen


def test_power_that_rises_is_over_sharpened(measured):
    sharpened = measured.with_values(
        filtered(measured.values, measured.voxel_size, lambda s2: np.exp(60 * s2))
    )
    warnings = said(low_passed(sharpened, RESOLUTION), RESOLUTION)
    assert len(warnings) == 1 and warnings[0].startswith("The map is over-sharpened")


def test_inverted_contrast_is_seen_and_turned_back(measured):
    inverted = measured.with_values(7 - measured.values)
    assert names(inverted, RESOLUTION) == ["inverted"]
    assert said(inverted.with_values(-inverted.values), RESOLUTION) == []
    masked = np.where(find_molecule(measured)[0], inverted.values, 7).astype(np.float32)
    assert names(inverted.with_values(masked)) == ["inverted"]


@pytest.mark.parametrize(
    "values",
    [
        white((48, 48, 48)),
        white((40, 64, 52)) + 9,
        ndimage.gaussian_filter(white((48, 48, 48)), 1.0),
        white((48, 48, 48)) * (radius() < 23),
        white((48, 48, 48)) + 500 * (np.arange(48**3).reshape(48, 48, 48) == 60000),
    ],
    ids=["white", "shifted", "smooth", "in a sphere", "outliers"],
)
def test_noise_is_no_molecule(values):
    assert names(Density(values.astype(np.float32), (2.0,) * 3), 6.0) == ["noise"]


@pytest.mark.parametrize(
    "values",
    [
        radius() < 12,
        ndimage.gaussian_filter((radius() < 14).astype(float), 1.5),
        np.exp(-(radius() ** 2) / 100) + 0.02 * white((48, 48, 48)),
        np.abs(np.indices((48, 48, 48)) - 24).max(axis=0) < 11,
        (radius() < 12) + 0.05 * white((48, 48, 48)),
    ],
    ids=["ball", "soft ball", "Gaussian", "box", "noisy ball"],
)
def test_a_smooth_body_is_no_molecule(values):
    assert names(Density(values.astype(np.float32), (2.0,) * 3), 6.0) == ["featureless"]


def test_the_mask_of_a_molecule_is_no_molecule(measured):
    soft = ndimage.gaussian_filter(find_molecule(measured)[0].astype(np.float32), 1.5)
    assert names(measured.with_values(soft)) == ["featureless"]


def test_a_gradient_and_an_outlier_are_no_molecules():
    z, y, _ = np.indices((32, 40, 32), dtype=np.float32)
    assert names(Density(z + 0.5 * y + white(z.shape), (2.0,) * 3)) == ["gradient"]
    hot = np.zeros((32, 32, 32), dtype=np.float32)
    hot[10, 20, 15] = 3.0
    assert names(Density(hot, (2.0,) * 3)) == ["empty"]


def test_an_outlier_beside_a_molecule_is_no_matter(measured):
    values = measured.values.copy()
    values[5, 6, 7] = 300 * values.max()
    assert said(measured.with_values(values), RESOLUTION) == []


def test_a_crystal_leaves_the_box_on_all_sides(measured):
    cell = measured.values[10:54, 14:50, 14:46]
    rolled = np.roll(cell, [n // 2 for n in cell.shape], axis=(0, 1, 2))
    assert "crystal" in names(measured.with_values(np.ascontiguousarray(rolled)))


def test_a_calculated_map_is_known_by_its_tails(calculated, measured):
    assert names(calculated, RESOLUTION) == ["calculated"]
    cut = np.where(calculated.values > 1e-6 * calculated.values.max(), calculated.values, 0)
    assert names(calculated.with_values(cut.astype(np.float32))) == ["calculated"]
    assert "calculated" not in names(measured.with_values(np.maximum(measured.values, 0)))


@pytest.mark.parametrize("kind", ["faint", "local filter"])
def test_a_quiet_solvent_is_seen(measured, kind):
    inside = find_molecule(measured)[0].astype(np.float32)
    soft = ndimage.gaussian_filter(inside, 2.0)
    blurred = filtered(measured.values, measured.voxel_size, lambda s2: np.exp(-900 * s2))
    rest = {"faint": 0.01 * measured.values, "local filter": blurred}[kind]
    values = soft * measured.values + (1 - soft) * rest
    assert "quiet solvent" in names(measured.with_values(values))


def test_a_large_box_is_looked_at_where_the_molecule_is(measured):
    """Beyond 128 voxels spectra come from windows: of the molecule, and of the solvent."""
    noise = 0.4 * measured.values.std() * white((150, 140, 64), seed=6)
    changed = low_passed(measured, 9.0)
    values = low_passed(measured.with_values(noise), 9.0).values
    values[80:144, 70:134] = changed.values
    (warning,) = said(changed.with_values(values), 6.0)
    assert "low-pass" in warning


@pytest.mark.parametrize("voxel_size", [0.3, 12.0])
@pytest.mark.parametrize("shape", [(16, 16, 16), (16, 40, 25), (17, 130, 16)])
@pytest.mark.parametrize(
    "content", ["noise", "block", "zeros inside", "huge", "tiny", "two values"]
)
def test_odd_content_never_raises(content, shape, voxel_size):
    values = white(shape)
    mask = np.zeros(shape, dtype=bool)
    mask[4:12, 4:12, 4:12] = True
    values = {
        "noise": values,
        "block": mask.astype(np.float32),
        "zeros inside": np.where(mask, np.float32(0), values),
        "huge": 1e15 * values,
        "tiny": 1e-15 * values,
        "two values": np.sign(values),
    }[content]
    density = Density(values, (voxel_size,) * 3)
    speck = np.zeros(shape, dtype=bool)
    speck[3, 3, 3] = True
    for region in (mask, speck, np.ones(shape, dtype=bool)):
        assert all(finding.text for finding in found(density, 8.0, region))


def test_only_what_is_no_map_of_a_molecule_forbids_a_verdict(measured):
    noise = Density(white((48, 48, 48)), (2.0,) * 3)
    assert discredited(found(noise)) == {"prediction"}
    assert not discredited(found(measured, 3.0)) | discredited(
        found(low_passed(measured, 9.0), 5.0)
    )
    assert not any(CHECKS[name].discredits for name in ("quiet solvent", "calculated"))


@pytest.mark.parametrize("model", ["default", "cnn"])
def test_an_inverted_map_has_no_verdict(measured, tiny_models, model):
    inverted = measured.with_values(-measured.values)
    answer = mapres.validate(inverted, claimed=7.0, model=model)
    assert answer.verdict == "inconclusive"
    assert CHECKS["inverted"].sentence.format(number="#1") in answer.warnings
