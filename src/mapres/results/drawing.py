"""Shared by all figures: colors and their limits, and PNG files."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import OutputError
from ..output import replacing

if TYPE_CHECKING:
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

# Blue is fine and red is coarse, as in most figures: ColorBrewer's color-blind safe RdYlBu-5, which
# ChimeraX has too.
COLORS = ("#2c7bb6", "#abd9e9", "#ffffbf", "#fdae61", "#d7191c")
DPI = 150
# Resolutions in Å at both ends of the colors.
Ends = tuple[float, float]


def require_matplotlib() -> None:
    """Raise `OutputError` if figures cannot be drawn here."""
    if find_spec("matplotlib") is None:
        raise OutputError("figures need matplotlib; install it (pip install matplotlib).")


def palette() -> LinearSegmentedColormap:
    """Return `COLORS` for matplotlib."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("mapres", COLORS)


def color_range(measured: NDArray) -> Ends:
    """Return the ends of the colors, Å: the 1st and 99th percentile, rounded outwards to 0.5 Å.

    The extreme voxels of a map are noise: they would take most of the palette.
    """
    low, high = np.percentile(measured, [1, 99])
    low, high = float(np.floor(2 * low) / 2), float(np.ceil(2 * high) / 2)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def difference_range(differences: NDArray) -> Ends:
    """Return the ends of the colors of differences, Å: symmetric about 0, including 98%."""
    high = max(0.5, float(np.ceil(2 * np.percentile(np.abs(differences), 98)) / 2))
    return -high, high


def save(figure: Figure, path: str | os.PathLike) -> None:
    """Write a figure as PNG, whole or not at all."""
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=DPI)
