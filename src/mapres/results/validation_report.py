"""A validation as rows of text and as plain types for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .. import __version__
from ..checks.limits import beyond_nyquist
from ..features.distribution import CLASSES
from ..half_maps import mask_reach
from ..validation.result import Validation
from ..validation.verdict import CONSISTENT, INCONCLUSIVE, TOLERANCE
from .text import Rows, grid_rows, note_rows, warning_rows


def validation_rows(validation: Validation) -> Rows:
    """Return (label, text) pairs that describe a validation."""
    v = validation
    probabilities = ", ".join(f"{name} {p:.0%}" for name, p in v.probabilities.items())
    rows = [
        ("Map", v.map),
        *grid_rows(v.voxel_size, v.box),
        *_mask_rows(v),
        ("Class", f"{v.resolution_class} ({probabilities})"),
        ("Resolution", _resolution(v)),
    ]
    if v.claimed is not None:
        rows.append(("Claimed", f"{v.claimed:g} Å: {v.verdict}{_reason(v)}"))
    rows += _half_map_rows(v)
    rows.append(("Patches", str(v.patches)))
    rows += note_rows(v.notes)
    rows += warning_rows(v.warnings)
    return [*rows, ("Model", f"{v.model}, MapRes {__version__}"), ("Provider", v.provider)]


def comparison_rows(validations: Sequence[Validation]) -> Rows:
    """Return rows that compare several models on one map, a column for each.

    A single validation gets its `validation_rows`.
    """
    first, *others = validations
    if not others:
        return validation_rows(first)
    rows: Rows = [
        ("Map", first.map),
        *grid_rows(first.voxel_size, first.box),
        *_mask_rows(first),
        ("", *(v.model_name for v in validations)),
        ("Class", *(v.resolution_class for v in validations)),
    ]
    for name in CLASSES:
        rows.append(
            (f"Probability of {name}", *(f"{v.probabilities[name]:.0%}" for v in validations))
        )
    rows.append(("Resolution", *map(_resolution, validations)))
    if first.claimed is not None:
        verdicts = [f"{v.verdict}{_reason(v)}" for v in validations]
        rows.append((f"Claimed {first.claimed:g} Å", *verdicts))
    rows += _half_map_rows(first)
    rows += note_rows(first.notes)
    rows += warning_rows(_shared_warnings(validations))
    labels = ", ".join(v.model for v in validations)
    provider = ", ".join(dict.fromkeys(v.provider for v in validations))
    return [*rows, ("Models", f"{labels}, MapRes {__version__}"), ("Provider", provider)]


def comparison_json(validations: Sequence[Validation]) -> dict[str, Any]:
    """Return plain types under the keys of ``mapres validate --json``, by model if several."""
    first, *others = validations
    if not others:
        return first.as_json()
    return {"map": first.map, "models": {v.model_name: v.as_json() for v in validations}}


def _resolution(validation: Validation) -> str:
    v = validation
    if v.resolution is None or v.interval is None:
        return "class only"
    finer, coarser = v.interval
    return f"{v.resolution:.2f} Å (90% interval {finer:.2f}–{coarser:.2f} Å)"


def _mask_rows(validation: Validation) -> Rows:
    return [("Mask", validation.mask)] if validation.mask else []


def _half_map_rows(validation: Validation) -> Rows:
    fsc = validation.half_map_fsc
    if fsc is None:
        return []
    automatic = f"soft mask {mask_reach(max(validation.voxel_size)):.3g} Å beyond the molecule"
    mask = f"mask {validation.mask}" if validation.mask else automatic
    if validation.half_maps_masked:
        mask += ", inside that of the half maps"
    return [("Half maps", f"FSC = 0.143 at {fsc:.2f} Å ({mask})")]


def _shared_warnings(validations: Sequence[Validation]) -> Iterator[str]:
    """Yield each warning once, with the models that give it unless all do."""
    names: dict[str, list[str]] = {}
    for validation in validations:
        for warning in validation.warnings:
            names.setdefault(warning, []).append(validation.model_name)
    for warning, some in names.items():
        who = "" if len(some) == len(validations) else f"{', '.join(some)}: "
        yield who + warning


def _reason(validation: Validation) -> str:
    """Return what decided a verdict, if not simply the interval."""
    v, claimed = validation, validation.claimed or 0.0
    if beyond_nyquist(claimed, 2 * max(v.voxel_size)):
        return " (beyond the Nyquist limit)"
    if v.verdict == INCONCLUSIVE:
        return ""
    if v.half_map_fsc is not None:
        return " (from half-map FSC)"
    if v.interval is None:
        return " (from predicted class only)"
    if v.verdict == CONSISTENT and not v.interval[0] <= claimed <= v.interval[1]:
        return f" (less than {TOLERANCE:.0%} outside the interval)"
    return ""
