"""Rows of text, for a terminal and for ChimeraX's log."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ..density import Density

# Label and text, or label and a text for each column; a single text belongs to all columns.
Rows = list[tuple[str, ...]]


def as_text(rows: Rows) -> str:
    """Align rows for a terminal; a text that spans all columns is not padded."""
    columns = zip(*(row[1:] for row in rows if len(row) > 2), strict=True)
    widths = [max(len(row[0]) for row in rows), *(max(map(len, column)) for column in columns)]
    # The last text needs no padding.
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row[:-1], widths, strict=False))
        + f"  {row[-1]}"
        for row in rows
    )


def grid_rows(voxel_size: Iterable[float], box: Iterable[int]) -> Rows:
    """Return rows of the voxel size (Å) and the box (voxels), along x, y, z."""
    sizes = [f"{size:.4g}" for size in voxel_size]
    # Calibration leaves differences in later digits.
    size = sizes[0] if len(set(sizes)) == 1 else " × ".join(sizes)
    return [("Voxel size", f"{size} Å"), ("Box", " × ".join(map(str, box)))]


def grid_json(density: Density) -> dict[str, Any]:
    """Return the same as plain types."""
    return {
        "voxel_size_A": [round(size, 5) for size in density.voxel_size],
        "box": list(reversed(density.values.shape)),
    }


def note_rows(notes: Iterable[str]) -> Rows:
    """Return a row for each note."""
    return [("Note", text) for text in notes]


def warning_rows(warnings: Iterable[str]) -> Rows:
    """Return a row for each warning."""
    return [("Warning", text) for text in warnings]
