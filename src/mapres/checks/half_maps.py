"""Checks of half maps: whether they are the two halves of one reconstruction, and of this map."""

from __future__ import annotations

from collections.abc import Iterable

from . import half_map_faults as faults
from .check import (
    FINER,
    HALF_MAPS,
    INTERVAL,
    PREDICTION,
    SPECTRUM,
    Check,
    Evidence,
    Finding,
    discredited,
    run_checks,
)
from .density import DENSITY, MOLECULE
from .limits import LIMITS, UNLIKE

# Of the limit: 1 of 100 ordinary maps is beyond 1, and is no map of another kind up to here.
HARDLY_UNLIKE = 1.25

PAIR = (
    Check(
        "identical half maps",
        "The two half maps are the same map; give two independent ones.",
        faults.identical,
        discredits=HALF_MAPS,
        final=True,
    ),
    Check(
        "half maps of opposite sign",
        "{second} has the opposite sign of {first}; multiply one of them by -1.",
        faults.opposite,
        discredits=HALF_MAPS,
    ),
    Check(
        "shifted half maps",
        "{second} is shifted relative to {first} by {shift} voxels along x, y, z; give the half "
        "maps of one reconstruction, or shift one of them back.",
        faults.shifted,
        discredits=HALF_MAPS,
    ),
    Check(
        "turned half maps",
        "{second} looks {how} relative to {first}: they agree much better so than as they are; "
        "give both in one orientation.",
        faults.turned,
        discredits=HALF_MAPS,
    ),
    Check(
        "half maps of another map",
        "The half maps have a correlation of only {agreement:.2f} with {name}; check that they "
        "belong to it.",
        faults.unrelated,
        discredits=HALF_MAPS,
    ),
    Check(
        "half maps that share noise",
        "The half maps share noise and are not independent: they correlate by {correlation:.2f} in "
        "the solvent at high frequencies, as maps do that have particles in common or of which one "
        "was made from the other, or from the full map.",
        faults.shared_noise,
        discredits=HALF_MAPS,
        final=True,
    ),
    Check(
        "filtered half maps",
        "The half maps were low-pass filtered at about {cutoff:.1f} Å{left}; their FSC says "
        "nothing of finer resolutions. Give the unfiltered half maps.",
        faults.filtered,
        discredits=FINER,
    ),
    Check(
        "masked half maps",
        "The half maps are masked; their FSC was measured well inside that mask and corrected for "
        "it.",
        faults.masked,
    ),
    Check(
        "half maps masked tightly",
        "The half maps are masked so tightly that their FSC cannot be corrected for it; give "
        "unmasked half maps.",
        faults.cut,
        discredits=HALF_MAPS,
        final=True,
    ),
    Check(
        "tight mask",
        "The mask of the half-map FSC is too tight: it makes random phases correlate by "
        "{correlation:.2f} where the FSC falls below 0.143; give a softer or larger mask.",
        faults.tight,
        discredits=HALF_MAPS,
    ),
    Check(
        "mask cut from noise",
        "The mask of the half-map FSC is too tight: it follows the noise of the map, as one does "
        "that is cut at a density level; smooth the map first, and extend the mask by a few Å.",
        faults.follows_noise,
        discredits=HALF_MAPS,
    ),
    Check(
        "FSC that rises again",
        "The half-map FSC falls below 0.143{crossing}, but rises above it again, up to "
        "{end:.1f} Å.",
        faults.rises,
    ),
    Check(
        "FSC that runs along 0.143",
        "The half-map FSC first falls below 0.143 at {fsc:.1f} Å, but stays near it up to "
        "{end:.1f} Å; the resolution is uncertain by as much.",
        faults.runs,
    ),
    Check(
        "half maps without correlation",
        "The half maps do not correlate inside the molecule at any resolution.",
        faults.uncorrelated,
        discredits=HALF_MAPS,
    ),
)
# With the map that they belong to.
AGREEMENT = (
    Check(
        "FSC without a molecule",
        "No molecule was found for the mask of the half-map FSC; give a mask.",
        faults.no_molecule,
        discredits=HALF_MAPS,
    ),
    Check(
        "contradicting evidence",
        "The half-map FSC of {fsc:.2f} Å contradicts the network, which reads {low:.2f}–{high:.2f} "
        "Å from the map: it is much {than}, and {cause}.",
        faults.contradiction,
        discredits=HALF_MAPS,
    ),
)


def half_map_findings(evidence: Evidence) -> list[Finding]:
    """Return what is wrong with half maps, or else what speaks against their FSC.

    An interval of the network that is not to be relied on contradicts nothing.
    """
    findings = run_checks(PAIR, evidence)
    if HALF_MAPS in discredited(findings):
        return findings
    if evidence.interval is not None:
        others = run_checks((*MOLECULE, *LIMITS), evidence) + run_checks(DENSITY, evidence)
        if evidence.unlike is not None and evidence.unlike < HARDLY_UNLIKE:
            others = [finding for finding in others if finding.check is not UNLIKE]
        if discredited(others) & {PREDICTION, INTERVAL, SPECTRUM}:
            evidence = evidence.with_(interval=None)
    return findings + run_checks(AGREEMENT, evidence)


def fsc_of(evidence: Evidence, findings: Iterable[Finding]) -> float | None:
    """Return where the half-map FSC falls below 0.143 (Å); None where findings discredit it."""
    pair = evidence.half_maps
    return None if pair is None or HALF_MAPS in discredited(findings) else pair.fsc
