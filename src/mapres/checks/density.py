"""Checks of the density itself, without a network.

Thresholds were set on 400 simulated maps of the validation split and on noise and decoys, well away
from what good maps show; `python -m training warnings` counts true and false warnings on the test
split.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..density import Density
from ..headers.spectrum import true_scale
from .check import INTERVAL, PREDICTION, Check, Evidence, Finding, run_checks
from .measurements import Measurements
from .processing import PROCESSING

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
# Å: a voxel size that was calibrated is not so close to 1.
EXACTLY = 1e-6


def _gradient(evidence: Evidence) -> bool:
    return evidence.measured.shape.slope > STEADY


def _noise(evidence: Evidence) -> bool:
    shape = evidence.measured.shape
    return max(map(abs, shape.coupling)) < NOISE_COUPLING and abs(shape.skewness) < NOISE_SKEWNESS


def _featureless(evidence: Evidence) -> bool:
    shape = evidence.measured.shape
    return shape.roundness > ROUND or shape.unevenness < EVEN


def _inverted(evidence: Evidence) -> Mapping[str, Any] | None:
    shape = evidence.measured.shape
    if shape.coupling[0] >= INVERTED_COUPLING or shape.skewness >= INVERTED_SKEWNESS:
        return None
    # In ChimeraX, names end with the model number.
    number = re.search(r"#[\d.]+$", evidence.density.name)
    return {"number": number.group() if number else "#1"}


def _unknown_size(evidence: Evidence) -> Mapping[str, Any] | None:
    # What programs write that do not know it.
    if any(abs(size - 1) > EXACTLY for size in evidence.density.voxel_size):
        return None
    spectra = evidence.measured.spectra
    size = true_scale(spectra.frequency, spectra.molecule, spectra.solvent)
    return None if size is None else {"name": evidence.density.name, "size": size}


def _open(evidence: Evidence) -> bool:
    return OPEN_FACE < evidence.measured.shape.open_face < 1


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
        lambda evidence: evidence.measured.empty,
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
    *PROCESSING,
)


def inverted_contrast(density: Density, measurements: Measurements) -> list[Finding]:
    """Return the finding that the contrast is inverted, if that is what is wrong with a map."""
    found = run_checks(DENSITY, Evidence(density, measurements=measurements))
    return [finding for finding in found if finding.check.name == "inverted"]
