"""A local resolution as rows of text and as plain types for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__
from ..density import Density
from ..features.avramov2019 import NAMES, classes_of
from ..local.methods import METHODS
from ..local.resolution import LocalResolution
from .text import Rows, grid_json, grid_rows, note_rows, warning_rows

if TYPE_CHECKING:
    from .compare import Agreement


def local_rows(
    density: Density, result: LocalResolution, agreement: Agreement | None = None
) -> Rows:
    """Return (label, text) pairs that describe a local resolution."""
    lower, upper = result.quartiles
    return [
        ("Map", density.name),
        *grid_rows(density.voxel_size, reversed(density.values.shape)),
        ("Method", f"{method_name(result)}, MapRes {__version__}"),
        *([("Provider", result.provider)] if result.provider else []),
        *note_rows((*result.notes, *(agreement.notes if agreement else ()))),
        ("Median", f"{result.median:.2f} Å (quartiles {lower:.2f}–{upper:.2f} Å)"),
        *_uncertainty_rows(result),
        ("Classes", _class_text(result)),
        ("Mask", f"{result.mask_fraction:.1%} of the box"),
        *_agreement_rows(agreement),
        ("Time", f"{result.seconds:.1f} s"),
        *warning_rows((*result.warnings, *(agreement.warnings if agreement else ()))),
    ]


def summary(result: LocalResolution) -> str:
    """Summarize a local resolution, and its uncertainty, in one line."""
    lower, upper = result.quartiles
    half = result.median_uncertainty
    uncertainty = "" if half is None else f", median voxel uncertainty ±{half:.2f} Å"
    return f"median {result.median:.2f} Å, quartiles {lower:.2f}–{upper:.2f} Å{uncertainty}"


def _class_text(result: LocalResolution) -> str:
    return ", ".join(
        f"{name} Å {fraction:.0%}"
        for name, fraction in _class_fractions(result).items()
        if fraction
    )


def _class_fractions(result: LocalResolution) -> dict[str, float]:
    """Return the fractions of the measured voxels in the ten classes of local resolution."""
    counts = np.bincount(classes_of(result.values[result.mask]), minlength=len(NAMES))
    return dict(zip(NAMES, (counts / counts.sum()).tolist(), strict=True))


def _uncertainty_rows(result: LocalResolution) -> Rows:
    half = result.median_uncertainty
    if half is None:
        return []
    return [("Uncertainty", f"median voxel uncertainty ±{half:.2f} Å (90% interval)")]


def _agreement_rows(agreement: Agreement | None) -> Rows:
    if agreement is None:
        return []
    r = "none" if agreement.correlation is None else f"{agreement.correlation:.2f}"
    text = (
        f"median {agreement.median:+.2f} Å, spread {agreement.spread:.2f} Å, correlation {r}, "
        f"over {agreement.compared.sum():,} voxels"
    )
    return [(f"Difference from {agreement.other}", text)]


def local_json(
    density: Density, result: LocalResolution, agreement: Agreement | None = None
) -> dict[str, Any]:
    """Return plain types under the keys of ``mapres local --json``."""
    compared = {} if agreement is None else {"compared": _agreement_json(agreement)}
    return {
        "map": density.name,
        **grid_json(density),
        "method": result.method,
        "model": result.model,
        "provider": result.provider,
        "median_A": round(result.median, 3),
        "quartiles_A": [round(quartile, 3) for quartile in result.quartiles],
        **_uncertainty_json(result),
        "class_shares": {
            name: round(fraction, 4) for name, fraction in _class_fractions(result).items()
        },
        "mask_fraction": round(result.mask_fraction, 5),
        **compared,
        "seconds": round(result.seconds, 2),
        "notes": list(result.notes),
        "warnings": list(result.warnings),
        "version": __version__,
    }


def _uncertainty_json(result: LocalResolution) -> dict[str, Any]:
    half = result.median_uncertainty
    return {} if half is None else {"median_uncertainty_A": round(half, 3)}


def _agreement_json(agreement: Agreement) -> dict[str, Any]:
    r = agreement.correlation
    return {
        "with": agreement.other,
        "median_difference_A": round(agreement.median, 3),
        "spread_A": round(agreement.spread, 3),
        "correlation": r if r is None else round(r, 4),
        "voxels": int(agreement.compared.sum()),
        "notes": list(agreement.notes),
        "warnings": list(agreement.warnings),
    }


def method_name(result: LocalResolution) -> str:
    """Return the method's name as its authors write it."""
    method = METHODS.get(result.method)
    return result.method if method is None else method.label


def method_and_model(result: LocalResolution) -> str:
    """Return the method's name and its network, if it has one."""
    return ", ".join(filter(None, (method_name(result), result.model)))
