"""A Fourier shell correlation as rows of text and as plain types for JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..density import Density
from .text import Rows, grid_json, grid_rows, note_rows, warning_rows

if TYPE_CHECKING:
    from ..fsc import ShellCorrelation
    from ..masks.given import GivenMask


def fsc_rows(
    half1: Density,
    half2: Density,
    curve: ShellCorrelation,
    mask: GivenMask | None = None,
    warnings: Iterable[str] = (),
    notes: Iterable[str] = (),
) -> Rows:
    """Return (label, text) pairs with the resolution at each threshold."""
    nyquist = half1.nyquist
    rows = [
        ("Half maps", f"{half1.name}, {half2.name}"),
        *grid_rows(half1.voxel_size, reversed(half1.values.shape)),
        (
            "Mask",
            f"{mask.name} (FSC corrected for it)" if mask else "none (includes solvent noise)",
        ),
    ]
    for name, value in curve.resolution.items():
        text = "none (below from the first shell)" if value is None else f"{value:.2f} Å"
        rows.append((f"FSC {name}", text + " (Nyquist limit)" * (value == nyquist)))
    return [*rows, *note_rows(notes), *warning_rows(warnings)]


def fsc_json(
    half1: Density,
    half2: Density,
    curve: ShellCorrelation,
    mask: GivenMask | None = None,
    warnings: Iterable[str] = (),
    notes: Iterable[str] = (),
) -> dict[str, Any]:
    """Return plain types under the keys of ``mapres fsc --json``."""
    crossings = {name: value and round(value, 3) for name, value in curve.resolution.items()}
    return {
        "half_maps": [half1.name, half2.name],
        "mask": mask and mask.name,
        **grid_json(half1),
        "resolution_A": crossings,
        "notes": list(notes),
        "warnings": list(warnings),
        "version": __version__,
    }
