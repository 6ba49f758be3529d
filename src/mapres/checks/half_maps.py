"""Checks of half maps: whether they are the two halves of one reconstruction, and of this map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .check import (
    FINER,
    HALF_MAPS,
    INTERVAL,
    PREDICTION,
    Check,
    Evidence,
    Finding,
    discredited,
    run_checks,
)
from .density import DENSITY, MOLECULE
from .limits import LIMITS
from .power import low_pass

# Correlation within the mask: sharpening lowers it, but half maps of another molecule give 0.
LITTLE_AGREEMENT = 0.2
# Correlation in the solvent: sound half maps stay below 0.06, where the standard error is up to
# 0.025; less noise in common changes a resolution by less than a shell.
SHARED_NOISE = 0.1
# FSC of random phases in the mask: that around the molecule makes up to 0.21 in coarse maps.
TIGHT_MASK = 0.4
# Correlation of a mask with noise; the molecule itself, hard-edged, gives at most 0.05, the densest
# percent of the voxels 0.24.
NOISE_IN_MASK = 0.12
# Of the mask of the FSC: what is left is the molecule still.
MUCH_CUT = 0.15
# Between the half-map FSC and the network's interval; sound half maps are at most 1.2 apart.
CONTRADICTION = 1.25
# A filter explains why a map looks coarser than its half maps.
FILTER = 1.1


def _identical(evidence: Evidence) -> bool:
    return evidence.half_maps is not None and evidence.half_maps.identical


def _opposite(evidence: Evidence) -> Mapping[str, Any] | None:
    pair = evidence.half_maps
    if pair is None or pair.registration.sign > 0:
        return None
    return {"first": pair.names[0], "second": pair.names[1]}


def _shifted(evidence: Evidence) -> Mapping[str, Any] | None:
    pair = evidence.half_maps
    if pair is None or not any(pair.registration.shift):
        return None
    z, y, x = pair.registration.shift
    return {"first": pair.names[0], "second": pair.names[1], "shift": f"{x}, {y}, {z}"}


def _turned(evidence: Evidence) -> Mapping[str, Any] | None:
    pair = evidence.half_maps
    if pair is None or pair.orientation is None:
        return None
    return {"first": pair.names[0], "second": pair.names[1], "how": pair.orientation}


def _unrelated(evidence: Evidence) -> Mapping[str, Any] | None:
    pair = evidence.half_maps
    # Written so that NaN counts as low.
    if pair is None or pair.agreement is None or pair.agreement >= LITTLE_AGREEMENT:
        return None
    return {"agreement": pair.agreement, "name": evidence.density.name}


def _shared_noise(evidence: Evidence) -> Mapping[str, Any] | None:
    pair = evidence.half_maps
    if pair is None or pair.solvent is None or pair.solvent < SHARED_NOISE:
        return None
    return {"correlation": pair.solvent}


def _filtered(evidence: Evidence) -> Mapping[str, Any] | None:
    pair = evidence.half_maps
    return {"cutoff": pair.filtered} if pair and pair.filtered else None


def _masked(evidence: Evidence) -> bool:
    pair = evidence.half_maps
    return pair is not None and pair.masked and pair.cut <= MUCH_CUT


def _cut(evidence: Evidence) -> bool:
    pair = evidence.half_maps
    return pair is not None and pair.masked and pair.cut > MUCH_CUT


def _tight(evidence: Evidence) -> Mapping[str, Any] | None:
    pair = evidence.half_maps
    if pair is None or pair.mask_correlation is None or pair.mask_correlation < TIGHT_MASK:
        return None
    return {"correlation": pair.mask_correlation}


def _follows_noise(evidence: Evidence) -> bool:
    pair = evidence.half_maps
    return pair is not None and pair.mask_noise is not None and pair.mask_noise > NOISE_IN_MASK


def _rises(evidence: Evidence) -> Mapping[str, Any] | None:
    pair = evidence.half_maps
    if pair is None or pair.rises_to is None:
        return None
    crossing = f" at {pair.fsc:.1f} Å" if pair.fsc else " in the first shell"
    return {"crossing": crossing, "end": pair.rises_to}


def _uncorrelated(evidence: Evidence) -> bool:
    pair = evidence.half_maps
    return pair is not None and pair.curve is not None and pair.fsc is None


def _no_molecule(evidence: Evidence) -> bool:
    return evidence.half_maps is not None and bool(evidence.fills_box)


def _contradiction(evidence: Evidence) -> Mapping[str, Any] | None:
    fsc = None if evidence.half_maps is None else evidence.half_maps.fsc
    if fsc is None or evidence.interval is None:
        return None
    low, high = evidence.interval
    found = {"fsc": fsc, "low": low, "high": high}
    if fsc > CONTRADICTION * high:
        return found | {"than": "coarser", "cause": "the half maps may not belong together"}
    if low < CONTRADICTION * fsc:
        return None
    measured = evidence.measurements
    cutoff = None if measured is None else low_pass(measured.spectra)
    if cutoff is not None and FILTER * cutoff > low:
        return None
    return found | {"than": "finer", "cause": "the half maps may share noise or a mask"}


PAIR = (
    Check(
        "identical half maps",
        "The two half maps are the same map; give two independent ones.",
        _identical,
        discredits=HALF_MAPS,
        final=True,
    ),
    Check(
        "half maps of opposite sign",
        "{second} has the opposite sign of {first}; multiply one of them by -1.",
        _opposite,
        discredits=HALF_MAPS,
    ),
    Check(
        "shifted half maps",
        "{second} is shifted relative to {first} by {shift} voxels along x, y, z; give the half "
        "maps of one reconstruction, or shift one of them back.",
        _shifted,
        discredits=HALF_MAPS,
    ),
    Check(
        "turned half maps",
        "{second} looks {how} relative to {first}: they agree much better so than as they are; give "
        "both in one orientation.",
        _turned,
        discredits=HALF_MAPS,
    ),
    Check(
        "half maps of another map",
        "The half maps have a correlation of only {agreement:.2f} with {name}; check that they "
        "belong to it.",
        _unrelated,
        discredits=HALF_MAPS,
    ),
    Check(
        "half maps that share noise",
        "The half maps share noise and are not independent: they correlate by {correlation:.2f} in "
        "the solvent at high frequencies, as maps do that have particles in common or of which one "
        "was made from the other, or from the full map.",
        _shared_noise,
        discredits=HALF_MAPS,
        final=True,
    ),
    Check(
        "filtered half maps",
        "The half maps were low-pass filtered at about {cutoff:.1f} Å; their FSC says nothing of "
        "finer resolutions. Give the unfiltered half maps.",
        _filtered,
        discredits=FINER,
    ),
    Check(
        "masked half maps",
        "The half maps are masked; their FSC was measured well inside that mask and corrected for "
        "it.",
        _masked,
    ),
    Check(
        "half maps masked tightly",
        "The half maps are masked so tightly that their FSC cannot be corrected for it; give "
        "unmasked half maps.",
        _cut,
        discredits=HALF_MAPS,
        final=True,
    ),
    Check(
        "tight mask",
        "The mask of the half-map FSC is too tight: it makes random phases correlate by "
        "{correlation:.2f} where the FSC falls below 0.143; give a softer or larger mask.",
        _tight,
        discredits=HALF_MAPS,
    ),
    Check(
        "mask cut from noise",
        "The mask of the half-map FSC is too tight: it follows the noise of the map, as one does that "
        "is cut at a density level; smooth the map first, and extend the mask by a few Å.",
        _follows_noise,
        discredits=HALF_MAPS,
    ),
    Check(
        "FSC that rises again",
        "The half-map FSC falls below 0.143{crossing}, but rises above it again, up to {end:.1f} Å.",
        _rises,
    ),
    Check(
        "half maps without correlation",
        "The half maps do not correlate inside the molecule at any resolution.",
        _uncorrelated,
        discredits=HALF_MAPS,
    ),
)
# With the map that they belong to.
AGREEMENT = (
    Check(
        "FSC without a molecule",
        "No molecule was found for the mask of the half-map FSC; give a mask.",
        _no_molecule,
        discredits=HALF_MAPS,
    ),
    Check(
        "contradicting evidence",
        "The half-map FSC of {fsc:.2f} Å contradicts the network, which reads {low:.2f}–{high:.2f} Å "
        "from the map: it is much {than}, and {cause}.",
        _contradiction,
        discredits=HALF_MAPS,
    ),
)


def agreed_fsc(evidence: Evidence) -> tuple[float | None, list[Finding]]:
    """Return where the half-map FSC falls below 0.143 (Å), and what is found about the half maps.

    It is None where they are unusable, or contradict the interval of the network. An interval that
    is not to be relied on contradicts nothing.
    """
    findings, pair = run_checks(PAIR, evidence), evidence.half_maps
    if pair is None or HALF_MAPS in discredited(findings):
        return None, findings
    others = run_checks((*MOLECULE, *LIMITS), evidence) + run_checks(DENSITY, evidence)
    if discredited(others) & {PREDICTION, INTERVAL}:
        evidence = evidence.with_(interval=None)
    against = run_checks(AGREEMENT, evidence)
    return (None if against else pair.fsc), [*findings, *against]
