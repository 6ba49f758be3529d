"""Checks of a local resolution, for all methods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .check import Check, Evidence

# Fraction of the mask; in the two reference maps of MonoRes 0.3% is unmeasured.
MUCH_UNMEASURED = 0.05
# In maps limited by noise only single voxels reach the finest value, not a sixth of them.
MANY_FINEST = 0.15


def _unmeasured(evidence: Evidence) -> Mapping[str, Any] | None:
    local = evidence.local
    much = local is not None and local.unmeasured > MUCH_UNMEASURED
    return vars(local) if much else None


def _at_finest(evidence: Evidence) -> Mapping[str, Any] | None:
    local = evidence.local
    many = local is not None and local.at_finest > MANY_FINEST
    return vars(local) if many else None


def _filtered_in_parts(evidence: Evidence) -> Mapping[str, Any] | None:
    return None if evidence.local_filter is None else vars(evidence.local_filter)


LOCAL = (
    Check(
        "unmeasured voxels",
        "{unmeasured:.0%} of the mask could not be measured and was filled from the nearest "
        "measured voxels; the mask may be too large.",
        _unmeasured,
    ),
    Check(
        "voxels at the finest resolution",
        "{at_finest:.0%} of the voxels are at the finest resolution found, {finest:.3g} Å, the "
        "limit of the voxel size or the method: they may be better resolved, or cut by the box.",
        _at_finest,
    ),
    Check(
        "filtered in parts",
        "{fraction:.0%} of the molecule was low-pass filtered more than the rest, at {finest:.1f} "
        "to {coarsest:.1f} Å, as by a local filter or in a map put together from others; no "
        "finer resolution is given there.",
        _filtered_in_parts,
    ),
)
