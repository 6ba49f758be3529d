"""Checks of what was done to a map: calculated, cut off, filtered, sharpened, quieted.

Thresholds were set as those of the other checks of density, see `density`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..cliff import low_pass, risen_power
from .check import SPECTRUM, Check, Evidence

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
# Claims are rounded, and the cutoff of a filter is known to 5%.
COARSER = 1.1


def _calculated(evidence: Evidence) -> bool:
    m = evidence.measured
    return m.lowest > DEEPEST_CALCULATED and m.faint > FAINTEST_CALCULATED


def _cut_off(evidence: Evidence) -> Mapping[str, Any] | None:
    measured = evidence.measured
    cuts = measured.cuts
    if _cut_out(evidence):
        return None
    if cuts.floor > CUT_OFF or measured.lowest > DEEPEST_CALCULATED:
        return {"what": "below", "level": cuts.lowest}
    return {"what": "above", "level": cuts.highest} if cuts.ceiling > CUT_OFF else None


def _cut_out(evidence: Evidence) -> bool:
    cuts = evidence.measured.cuts
    return cuts.gap > CUT_OUT and cuts.outside > ONE_VALUE


def _changed(evidence: Evidence) -> Mapping[str, Any] | None:
    if _cut_out(evidence) or _cut_off(evidence):
        return None
    contrast = evidence.measured.contrast
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
    cutoff = low_pass(evidence.measured.spectra)
    if cutoff is None or cutoff < COARSER * evidence.claimed:
        return None
    return {"cutoff": cutoff, "claimed": evidence.claimed}


def _sharpened(evidence: Evidence) -> Mapping[str, Any] | None:
    rise = risen_power(evidence.measured.spectra)
    return rise and {"factor": rise[0], "resolution": rise[1]}


def _quiet(evidence: Evidence) -> bool:
    return evidence.measured.spectra.contrast > QUIET_CONTRAST


PROCESSING = (
    Check(
        "calculated",
        "The map has no noise and appears simulated from a model, or made by a neural network: "
        "nominal resolutions of such maps are not FSC resolutions.",
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
