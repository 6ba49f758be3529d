"""Tests of half maps, for the rows of the table of checks, and their thresholds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..cliff import low_pass
from ..halves.mask_noise import follows
from .check import Evidence
from .half_map_measurements import LIMITED

# Correlation within the mask: sharpening lowers it, but half maps of another molecule give 0.
LITTLE_AGREEMENT = 0.2
# Correlation in the solvent: sound half maps stay below 0.06, where the standard error is up to
# 0.025; less noise in common changes a resolution by less than a shell.
SHARED_NOISE = 0.1
# FSC of random phases in the mask: that around the molecule makes up to 0.21 in coarse maps.
TIGHT_MASK = 0.4
# Between the half-map FSC and the network's interval; sound half maps are at most 1.2 apart.
CONTRADICTION = 1.25
# A filter explains why a map looks coarser than its half maps.
FILTER = 1.1


def identical(evidence: Evidence) -> bool:
    """Test for one map, given twice."""
    return evidence.half_maps is not None and evidence.half_maps.identical


def opposite(evidence: Evidence) -> Mapping[str, Any] | None:
    """Test for opposite signs."""
    pair = evidence.half_maps
    if pair is None or pair.registration.sign > 0:
        return None
    return {"first": pair.names[0], "second": pair.names[1]}


def shifted(evidence: Evidence) -> Mapping[str, Any] | None:
    """Test for a shift."""
    pair = evidence.half_maps
    if pair is None or not any(pair.registration.shift):
        return None
    z, y, x = pair.registration.shift
    return {"first": pair.names[0], "second": pair.names[1], "shift": f"{x}, {y}, {z}"}


def turned(evidence: Evidence) -> Mapping[str, Any] | None:
    """Test for one that is mirrored or turned."""
    pair = evidence.half_maps
    if pair is None or pair.orientation is None:
        return None
    return {"first": pair.names[0], "second": pair.names[1], "how": pair.orientation}


def unrelated(evidence: Evidence) -> Mapping[str, Any] | None:
    """Test for half maps of another map."""
    pair = evidence.half_maps
    # Written so that NaN counts as low.
    if pair is None or pair.agreement is None or pair.agreement >= LITTLE_AGREEMENT:
        return None
    return {"agreement": pair.agreement, "name": evidence.density.name}


def shared_noise(evidence: Evidence) -> Mapping[str, Any] | None:
    """Test for correlation in the solvent."""
    pair = evidence.half_maps
    if pair is None or pair.solvent is None or pair.solvent < SHARED_NOISE:
        return None
    return {"correlation": pair.solvent}


def filtered(evidence: Evidence) -> Mapping[str, Any] | None:
    """Test for a filter that limits the FSC."""
    pair = evidence.half_maps
    if pair is None or pair.filtered is None or pair.fsc is None:
        return None
    soft = pair.filtered > LIMITED * pair.fsc
    left = f", softly, and hold too little beyond {pair.fsc:.1f} Å" if soft else ""
    return {"cutoff": pair.filtered, "left": left}


def masked(evidence: Evidence) -> bool:
    """Test for a mask that can be corrected for."""
    pair = evidence.half_maps
    return pair is not None and pair.masked and not pair.masked_tightly


def cut(evidence: Evidence) -> bool:
    """Test for a mask that cannot be corrected for."""
    pair = evidence.half_maps
    return pair is not None and pair.masked_tightly


def tight(evidence: Evidence) -> Mapping[str, Any] | None:
    """Test for a mask of the FSC in which random phases correlate."""
    pair = evidence.half_maps
    # The automatic mask is soft, and of small molecules there is no larger one.
    if pair is None or pair.mask_noise is None or pair.mask_correlation is None:
        return None
    much = pair.mask_correlation >= TIGHT_MASK
    return {"correlation": pair.mask_correlation} if much else None


def follows_noise(evidence: Evidence) -> bool:
    """Test for a mask of the FSC that was cut from noise."""
    pair = evidence.half_maps
    return pair is not None and follows(pair.mask_noise)


def rises(evidence: Evidence) -> Mapping[str, Any] | None:
    """Test for an FSC that is above 0.143 again beyond its crossing."""
    pair = evidence.half_maps
    if pair is None or pair.rises_to is None:
        return None
    crossing = f" at {pair.fsc:.1f} Å" if pair.fsc else " in the first shell"
    return {"crossing": crossing, "end": pair.rises_to}


def runs(evidence: Evidence) -> Mapping[str, Any] | None:
    """Test for an FSC that stays near 0.143 beyond its crossing."""
    pair = evidence.half_maps
    if pair is None or pair.filtered or pair.fsc is None or pair.runs_to is None:
        return None
    return {"fsc": pair.fsc, "end": pair.runs_to}


def uncorrelated(evidence: Evidence) -> bool:
    """Test for an FSC that is never above 0.143."""
    pair = evidence.half_maps
    return pair is not None and pair.curve is not None and pair.fsc is None


def no_molecule(evidence: Evidence) -> bool:
    """Test for a map without a molecule to mask."""
    return evidence.half_maps is not None and bool(evidence.fills_box)


def contradiction(evidence: Evidence) -> Mapping[str, Any] | None:
    """Test for an FSC far outside the network's interval."""
    pair = evidence.half_maps
    fsc = None if pair is None or pair.filtered else pair.fsc
    if fsc is None or evidence.interval is None:
        return None
    low, high = evidence.interval
    found = {"fsc": fsc, "low": low, "high": high}
    # Only that of a given mask is measured.
    given = pair is not None and pair.mask_noise is not None
    if fsc > CONTRADICTION * high:
        cause = "the half maps may not belong together"
        return found | {
            "than": "coarser",
            "cause": ("the mask may be too wide, or " * given) + cause,
        }
    if low < CONTRADICTION * fsc:
        return None
    measured = evidence.measurements
    cutoff = None if measured is None else low_pass(measured.spectra)
    if cutoff is not None and FILTER * cutoff > low:
        return None
    cause = "the half maps may share noise or a mask"
    return found | {"than": "finer", "cause": ("the mask may be too tight, or " * given) + cause}
