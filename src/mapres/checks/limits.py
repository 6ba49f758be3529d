"""Checks of the claimed and predicted resolution against the limits of the map and the model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .check import INTERVAL, Check, Evidence

# Claims are rounded to a tenth of an Å and voxel sizes are calibrated to about 1%.
NYQUIST_SLACK = 0.98
NEAR_NYQUIST = 1.1
# Å, range of the maps that the default model was trained on.
FINEST, COARSEST = 2.1, 30.0
# Ratio of the interval's ends: beyond it not even the class is certain.
WIDE_INTERVAL = 2.0


def beyond_nyquist(claimed: float, nyquist: float) -> bool:
    """Return whether a claim is beyond the Nyquist limit, both in Å."""
    return claimed < NYQUIST_SLACK * nyquist


def _beyond_nyquist(evidence: Evidence) -> Mapping[str, Any] | None:
    claimed, nyquist = evidence.claimed, evidence.density.nyquist
    if claimed is None or not beyond_nyquist(claimed, nyquist):
        return None
    return {"claimed": claimed, "nyquist": nyquist}


def _near_nyquist(evidence: Evidence) -> Mapping[str, Any] | None:
    nyquist = evidence.density.nyquist
    near = evidence.resolution is not None and evidence.resolution < NEAR_NYQUIST * nyquist
    return {"nyquist": nyquist} if near else None


def _finest(evidence: Evidence) -> bool:
    return evidence.resolution is not None and evidence.resolution < FINEST


def _coarsest(evidence: Evidence) -> bool:
    return evidence.interval is not None and evidence.interval[1] > COARSEST


def _wide(evidence: Evidence) -> bool:
    if evidence.interval is None:
        return False
    low, high = evidence.interval
    return high > WIDE_INTERVAL * low


def _unlike(evidence: Evidence) -> Mapping[str, Any] | None:
    if evidence.unlike is None or evidence.unlike <= 1:
        return None
    return {"times": evidence.unlike}


UNLIKE = Check(
    "unlike training maps",
    "The spectra of this map are unlike those of the maps that the model was trained on "
    "({times:.2f} times the distance of 99% of such maps); the interval may not hold.",
    _unlike,
    discredits=INTERVAL,
)
CLAIM = (
    Check(
        "claim beyond Nyquist",
        "The claim of {claimed:g} Å is beyond the Nyquist limit ({nyquist:.2f} Å).",
        _beyond_nyquist,
    ),
)
LIMITS = (
    Check(
        "class only",
        "This classifier takes neither voxel size nor noise into account: as published it was "
        "right for only 57-60% of published maps, and it gives no uncertainty.",
        lambda evidence: evidence.resolution is None,
        final=True,
    ),
    Check(
        "near Nyquist",
        "The resolution is near the Nyquist limit ({nyquist:.2f} Å).",
        _near_nyquist,
    ),
    Check(
        "finest of the model",
        "The model cannot distinguish resolutions finer than 2 Å.",
        _finest,
    ),
    Check(
        "coarsest of the model",
        "Resolutions beyond 30 Å are outside the model's range.",
        _coarsest,
        discredits=INTERVAL,
    ),
    UNLIKE,
    Check(
        "wide interval",
        "The prediction is uncertain: the ends of the interval differ by more than a factor of 2.",
        _wide,
        discredits=INTERVAL,
    ),
)
