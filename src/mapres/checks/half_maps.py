"""Checks of half maps: whether they are the two halves of one reconstruction, and of this map."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..half_maps import HalfMaps, half_map_resolution
from .check import HALF_MAPS, Check, Evidence, Finding, run_checks

# Correlation within the mask: sharpening lowers it, but half maps of another molecule give 0.
LITTLE_AGREEMENT = 0.2


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


def _unrelated(evidence: Evidence) -> Mapping[str, Any] | None:
    pair = evidence.half_maps
    # Written so that NaN counts as low.
    if pair is None or pair.agreement is None or pair.agreement >= LITTLE_AGREEMENT:
        return None
    return {"agreement": pair.agreement, "name": evidence.density.name}


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
        "half maps of another map",
        "The half maps have a correlation of only {agreement:.2f} with {name}; check that they "
        "belong to it.",
        _unrelated,
        discredits=HALF_MAPS,
    ),
)
CORRELATION = (
    Check(
        "half maps without correlation",
        "The half maps do not correlate inside the molecule at any resolution.",
        lambda evidence: evidence.half_maps_correlate is False,
        discredits=HALF_MAPS,
    ),
)


def checked_fsc(
    evidence: Evidence, half_maps: HalfMaps, molecule: NDArray[np.bool_]
) -> tuple[float | None, list[Finding]]:
    """Return where the half-map FSC falls below 0.143 (Å), None if unusable, and the findings.

    Shifted half maps, or those of another map, have an FSC that means nothing.

    Parameters
    ----------
    evidence : the map, and what was measured of the two
    half_maps : the two
    molecule : bool array, shape (z, y, x)
    """
    if findings := run_checks(PAIR, evidence):
        return None, findings
    fsc = half_map_resolution(evidence.density, half_maps, molecule)
    return fsc, run_checks(CORRELATION, evidence.with_(half_maps_correlate=fsc is not None))
