"""A local resolution as a PNG file, drawn without a display: slices, histogram and color key."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..density import Density
from ..local.resolution import LocalResolution
from .drawing import DPI, Ends, color_range, palette, require_matplotlib, save
from .local_report import method_and_model, summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes


BINS = 60
# Relative margin around the molecule, and the smallest window.
MARGIN, LEAST_VOXELS = 1.15, 24
ROUND_LENGTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)


def local_figure(
    density: Density,
    result: LocalResolution,
    path: str | os.PathLike,
    view: NDArray[np.uint8] | None = None,
) -> None:
    """Draw three slices through a map colored by its local resolution, the histogram and the key.

    Parameters
    ----------
    density : the map
    result : its local resolution
    path : the PNG file to write
    view : uint8 array, shape (y, x, 3), a picture of the colored surface to show next to the slices

    Raises
    ------
    OutputError
        If matplotlib is missing or the file cannot be written.
    """
    require_matplotlib()
    from matplotlib.figure import Figure

    measured = result.values[result.mask]
    ends = color_range(measured)
    columns = 3 if view is None else 4
    figure = Figure(figsize=(3 * columns, 5.6), dpi=DPI)
    grid = figure.add_gridspec(
        3, columns, height_ratios=[20, 9, 1], hspace=0.06, wspace=0.04,
        left=0.63 / 3 / columns, right=0.98, bottom=0.1, top=0.89,
    )  # fmt: skip
    if view is not None:
        panel = figure.add_subplot(grid[0, 3])
        panel.imshow(view)
        panel.set_axis_off()
    slices = [figure.add_subplot(grid[0, i]) for i in range(3)]
    _draw_slices(slices, density, result, ends)
    _draw_histogram(figure.add_subplot(grid[1, :]), measured, ends)
    _draw_key(figure.add_subplot(grid[2, :]), ends, method_and_model(result))
    figure.suptitle(f"{density.name}: {summary(result)}", y=0.975)
    save(figure, path)


def _draw_slices(slices: list[Axes], density: Density, result: LocalResolution, ends: Ends):
    center, middle, side = _window(result.mask)
    low, high = np.percentile(density.values, [1, 99.9])
    # Density stays light, so that the colors over it are those of the key.
    gray = {"cmap": "Greys", "vmin": low, "vmax": low + 2 * (high - low)}
    color = {"cmap": palette(), "vmin": ends[0], "vmax": ends[1], "alpha": 0.8}
    for panel, axis in zip(slices, (0, 1, 2), strict=True):
        plane: Any = [slice(None)] * 3
        plane[axis] = center[axis]
        plane = tuple(plane)
        measured = np.where(result.mask[plane], result.values[plane], np.nan)
        for values, look in ((density.values[plane], gray), (measured, color)):
            panel.imshow(values, origin="lower", interpolation="nearest", **look)
        _frame(panel, density, axis, center[axis], middle, side)
    _draw_scale_bar(slices[0], side, density.spacing)


def _frame(
    panel: Axes, density: Density, axis: int, index: int, middle: NDArray, side: float
) -> None:
    """Set the window and the title of a slice; ``axis`` 0, 1, 2 is z, y, x."""
    up, across = [other for other in (0, 1, 2) if other != axis]
    panel.set_xlim(middle[across] - side / 2, middle[across] + side / 2)
    panel.set_ylim(middle[up] - side / 2, middle[up] + side / 2)
    panel.set(xticks=[], yticks=[])
    place = density.origin[2 - axis] + index * density.voxel_size[2 - axis]
    x, y, normal = ("zyx"[a] for a in (across, up, axis))
    panel.set_title(f"{x}{y} plane, {normal} = {place:.0f} Å", fontsize="medium")


def _window(mask: NDArray[np.bool_]) -> tuple[list[int], NDArray, float]:
    """Find the slices to show, and the square window that shows the molecule in all of them.

    Returns
    -------
    center : index of the slice through the mask's center of mass along z, y, x
    middle : middle of the box around the mask along z, y, x, voxels
    side : edge of the window, voxels
    """
    inside = np.argwhere(mask)
    low, high = inside.min(axis=0), inside.max(axis=0)
    center = [round(c) for c in inside.mean(axis=0)]
    return center, (low + high) / 2, max(MARGIN * float((high - low).max() + 1), LEAST_VOXELS)


def _draw_scale_bar(panel: Axes, side: float, spacing: float) -> None:
    length = max(n for n in ROUND_LENGTHS if n <= side * spacing / 3)
    (left, _), (bottom, _) = panel.get_xlim(), panel.get_ylim()
    x, y = left + 0.06 * side, bottom + 0.06 * side
    panel.plot([x, x + length / spacing], [y, y], color="black", linewidth=3, solid_capstyle="butt")
    panel.text(x, y + 0.015 * side, f"{length} Å", va="bottom")


def _draw_histogram(axes: Axes, measured: NDArray, ends: Ends) -> None:
    edges = np.linspace(*ends, BINS + 1)
    # The few values beyond the colors count in the end bins.
    counts, _ = np.histogram(np.clip(measured, *ends), edges)
    colors = palette()((np.arange(BINS) + 0.5) / BINS)
    axes.bar(edges[:-1], 100 * counts / counts.sum(), np.diff(edges), align="edge", color=colors)
    median = float(np.median(measured))
    axes.axvline(median, color="black", linewidth=1, linestyle="--")
    axes.annotate("median", (median, 1), (4, 0), xycoords=("data", "axes fraction"),
                  textcoords="offset points", va="top")  # fmt: skip
    axes.set(xlim=ends, ylabel="Voxels (%)", xticks=[])
    axes.locator_params(axis="y", nbins=4)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_key(axes: Axes, ends: Ends, method: str) -> None:
    axes.imshow(np.linspace(0, 1, 256)[None], cmap=palette(), aspect="auto", extent=(*ends, 0, 1))
    axes.set(yticks=[], xlabel=f"Local resolution (Å), {method}")
