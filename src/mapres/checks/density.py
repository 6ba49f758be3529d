"""Checks of the density itself, without a network.

Thresholds were set on 400 simulated maps of the validation split and on noise and decoys, well away
from what good maps show; `python -m training warnings` counts true and false warnings on the test
split.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..cliff import low_pass, risen_power
from ..density import Density
from ..headers.spectrum import true_scale
from .check import INTERVAL, PREDICTION, SPECTRUM, Check, Evidence, Finding, run_checks
from .measurements import Measurements

# Noise stays within 2 and 0.9 with any mask; so do five of 300 simulated maps, all of them
# sharpened until noise drowns the molecule.
NOISE_COUPLING, NOISE_SKEWNESS = 2.0, 0.8
# In simulated maps the slope is at most 0.18, roundness 0.96, and unevenness at least 0.052.
STEADY, ROUND, EVEN = 0.5, 0.97, 0.04
# Coupling is at least -1.9 in noise, -0.5 in simulated maps; in maps that fill the box it may have
# either sign, but those are not skewed.
INVERTED_COUPLING, INVERTED_SKEWNESS = -2.5, -0.5
# A filled box has its own warning. Only one of 300 simulated maps, cropped from a molecule larger
# than the box, covers as much as 1% of all six faces; crystals cover 15 to 40%.
OPEN_FACE = 0.15
# Of 100 noise-free maps, 98 and 81 are above these limits; masked, interpolated maps truncated at 0
# are above the first and reach 0.42 in the second.
DEEPEST_CALCULATED, FAINTEST_CALCULATED = -0.01, 0.45
# Fraction of the voxels that hold the least or the largest value: 0.05% at most in ordinary
# simulated maps, 36% and more if they were cut off at the solvent, 1.5% at half of the height.
CUT_OFF = 0.002
# See `Cuts.gap`, where a fifth of the voxels have one value: at most 0.02 in ordinary simulated
# maps, 0.1 and more in those set to 0 below a contour.
CUT_OUT, ONE_VALUE = 0.05, 0.2
# See `Contrast`. Ordinary simulated maps, locally filtered and interpolated ones (84) and 164 of
# RELION's have a skewness below 0.1, a kurtosis of 2.5 to 4.1 and a saturation of 0.14 at most;
# squares and roots of the density have 5 to 11 and 1.6, noise cut off at 0 and then interpolated a
# skewness of 0.4 to 1.3, peaks cut off at half of their height a saturation of 0.2 to 0.7.
LOPSIDED, LONG_TAILED, BOUNDED, SATURATED = 0.3, 5.0, 2.1, 0.17
# In the shell of least contrast, simulated maps have up to 4 times the power of the solvent, 17
# times if binning cut off the noise, and 130 times after a filter at twice the resolution.
QUIET_CONTRAST = 150.0
# Å: a voxel size that was calibrated is not so close to 1.
EXACTLY = 1e-6
# Claims are rounded, and the cutoff of a filter is known to 5%.
COARSER = 1.1


def _measured(evidence: Evidence) -> Measurements:
    assert evidence.measurements is not None
    return evidence.measurements


def _gradient(evidence: Evidence) -> bool:
    return _measured(evidence).shape.slope > STEADY


def _noise(evidence: Evidence) -> bool:
    shape = _measured(evidence).shape
    return max(map(abs, shape.coupling)) < NOISE_COUPLING and abs(shape.skewness) < NOISE_SKEWNESS


def _featureless(evidence: Evidence) -> bool:
    shape = _measured(evidence).shape
    return shape.roundness > ROUND or shape.unevenness < EVEN


def _inverted(evidence: Evidence) -> Mapping[str, Any] | None:
    shape = _measured(evidence).shape
    if shape.coupling[0] >= INVERTED_COUPLING or shape.skewness >= INVERTED_SKEWNESS:
        return None
    # In ChimeraX, names end with the model number.
    number = re.search(r"#[\d.]+$", evidence.density.name)
    return {"number": number.group() if number else "#1"}


def _unknown_size(evidence: Evidence) -> Mapping[str, Any] | None:
    # What programs write that do not know it.
    if any(abs(size - 1) > EXACTLY for size in evidence.density.voxel_size):
        return None
    spectra = _measured(evidence).spectra
    size = true_scale(spectra.frequency, spectra.molecule, spectra.solvent)
    return None if size is None else {"name": evidence.density.name, "size": size}


def _open(evidence: Evidence) -> bool:
    return OPEN_FACE < _measured(evidence).shape.open_face < 1


def _calculated(evidence: Evidence) -> bool:
    m = _measured(evidence)
    return m.lowest > DEEPEST_CALCULATED and m.faint > FAINTEST_CALCULATED


def _cut_off(evidence: Evidence) -> Mapping[str, Any] | None:
    measured = _measured(evidence)
    cuts = measured.cuts
    if _cut_out(evidence):
        return None
    if cuts.floor > CUT_OFF or measured.lowest > DEEPEST_CALCULATED:
        return {"what": "below", "level": cuts.lowest}
    return {"what": "above", "level": cuts.highest} if cuts.ceiling > CUT_OFF else None


def _cut_out(evidence: Evidence) -> bool:
    cuts = _measured(evidence).cuts
    return cuts.gap > CUT_OUT and cuts.outside > ONE_VALUE


def _changed(evidence: Evidence) -> Mapping[str, Any] | None:
    if _cut_out(evidence) or _cut_off(evidence):
        return None
    contrast = _measured(evidence).contrast
    if abs(contrast.skewness) > LOPSIDED:
        return {"what": f"noise in the solvent has a skewness of {contrast.skewness:.1f}, not 0"}
    if not BOUNDED < contrast.kurtosis < LONG_TAILED:
        return {"what": f"noise in the solvent has a kurtosis of {contrast.kurtosis:.1f}, not 3"}
    if contrast.saturation > SATURATED:
        return {"what": f"{contrast.saturation:.0%} of the high densities are near the highest"}
    return None


def _low_passed(evidence: Evidence) -> Mapping[str, Any] | None:
    if evidence.claimed is None:
        return None
    cutoff = low_pass(_measured(evidence).spectra)
    if cutoff is None or cutoff < COARSER * evidence.claimed:
        return None
    return {"cutoff": cutoff, "claimed": evidence.claimed}


def _sharpened(evidence: Evidence) -> Mapping[str, Any] | None:
    rise = risen_power(_measured(evidence).spectra)
    return rise and {"factor": rise[0], "resolution": rise[1]}


def _quiet(evidence: Evidence) -> bool:
    return _measured(evidence).spectra.contrast > QUIET_CONTRAST


MOLECULE = (
    Check(
        "flat solvent",
        "Solvent is constant (masked), noise cannot be estimated.",
        lambda evidence: bool(evidence.solvent_is_flat),
    ),
    Check(
        "filled box",
        "Density fills the box: no solvent was found around the molecule.",
        lambda evidence: bool(evidence.fills_box),
        discredits=INTERVAL,
    ),
)
NO_MOLECULE = "No molecular density detected: "
DENSITY = (
    Check(
        "empty",
        NO_MOLECULE + "only a few voxels differ from the rest.",
        lambda evidence: _measured(evidence).empty,
        discredits=PREDICTION,
        final=True,
    ),
    Check(
        "gradient",
        NO_MOLECULE + "the density changes steadily from one side of the box to the other.",
        _gradient,
        discredits=PREDICTION,
        final=True,
    ),
    Check(
        "noise",
        NO_MOLECULE + "nothing stands out from the noise.",
        _noise,
        discredits=PREDICTION,
        final=True,
    ),
    Check(
        "featureless",
        NO_MOLECULE + "only a smooth, featureless shape, such as a mask.",
        _featureless,
        discredits=PREDICTION,
        final=True,
    ),
    Check(
        "inverted",
        "Contrast is inverted; fix with `volume scale {number} factor -1` in ChimeraX, or multiply "
        "the map by -1.",
        _inverted,
        discredits=PREDICTION,
        final=True,
    ),
    Check(
        "voxel size of 1 Å",
        "{name} has a voxel size of exactly 1 Å, maybe a placeholder: the spectrum is that of "
        "protein with voxels of about {size:.2g} Å; if the header is wrong, set voxel_size to the "
        "correct one.",
        _unknown_size,
    ),
    Check(
        "crystal",
        "Density touches all six faces of the box, as in a crystal: no solvent surrounds it.",
        _open,
        discredits=PREDICTION,
    ),
    Check(
        "calculated",
        "The map has no noise and appears simulated from a model: nominal resolutions of such maps "
        "are not FSC resolutions.",
        _calculated,
        final=True,
    ),
    Check(
        "cut off",
        "Density {what} {level:.3g} was cut off, which changes the spectrum as no filter does: the "
        "resolution cannot be told from it; give the map as it was reconstructed.",
        _cut_off,
        discredits=SPECTRUM,
    ),
    Check(
        "cut out",
        "Weak density was set to one value, as below a contour level, which changes the spectrum "
        "as no filter does: the resolution cannot be told from it; give the map as it was "
        "reconstructed.",
        _cut_out,
        discredits=SPECTRUM,
    ),
    Check(
        "contrast changed",
        "The densities were changed one by one, as no filter does ({what}): the resolution cannot "
        "be told from them; give the map as it was reconstructed.",
        _changed,
        discredits=SPECTRUM,
    ),
    Check(
        "low-passed",
        "The map was low-pass filtered at about {cutoff:.1f} Å, coarser than the claimed "
        "{claimed:g} Å.",
        _low_passed,
    ),
    Check(
        "over-sharpened",
        "The map is over-sharpened: the power inside the molecule rises {factor:.0f}-fold toward "
        "{resolution:.1f} Å, and noise rises with it.",
        _sharpened,
    ),
    Check(
        "quiet solvent",
        "Solvent noise is suppressed (softly masked, locally filtered or denoised): noise outside "
        "the molecule cannot be estimated.",
        _quiet,
    ),
)


def inverted_contrast(density: Density, measurements: Measurements) -> list[Finding]:
    """Return the finding that the contrast is inverted, if that is what is wrong with a map."""
    found = run_checks(DENSITY, Evidence(density, measurements=measurements))
    return [finding for finding in found if finding.check.name == "inverted"]
