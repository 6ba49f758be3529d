"""The curves of a Fourier shell correlation as a PNG file, drawn without a display."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from .drawing import DPI, require_matplotlib, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from ..fsc import ShellCorrelation

_STEPS = (1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 8)
ROUND_RESOLUTIONS = [n * e for e in (0.1, 1, 10, 100) for n in _STEPS]
# Okabe and Ito's color-blind safe colors; line styles differ too.
CURVES = {
    "unmasked": ("Unmasked", "#009E73", "--"),
    "masked": ("Masked", "#0072B2", "-."),
    "phase_randomized": ("Phase randomized", "#D55E00", ":"),
    "corrected": ("Corrected", "black", "-"),
}


def fsc_figure(curve: ShellCorrelation, path: str | os.PathLike) -> None:
    """Draw the curves of a Fourier shell correlation and where they cross the thresholds.

    Raises
    ------
    OutputError
        If matplotlib is missing or the file cannot be written.
    """
    require_matplotlib()
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    for name, (label, color, style) in CURVES.items():
        values = getattr(curve, name)
        if values is not None:
            axes.plot(curve.frequency, values, style, color=color, label=label)
    axes.plot(curve.frequency, curve.half_bit, color="0.6", linewidth=0.8, label="½-bit threshold")
    for threshold in ("0.143", "0.5"):
        _draw_threshold(axes, threshold, curve.resolution[threshold])
    axes.set(xlim=(0, curve.frequency[-1]), ylim=(-0.1, 1.05))
    axes.set(xlabel="Resolution (Å)", ylabel="Fourier shell correlation")
    _label_in_angstrom(axes)
    axes.legend(loc="best", fontsize="small", framealpha=1)
    save(figure, path)


def _draw_threshold(axes: Axes, threshold: str, crossing: float | None) -> None:
    axes.axhline(float(threshold), color="0.6", linewidth=0.8, zorder=0)
    text = f"{threshold}: {crossing:.2f} Å" if crossing else f"{threshold}: never above"
    axes.annotate(text, (0.99, float(threshold)), (0, -2), xycoords=("axes fraction", "data"),
                  textcoords="offset points", ha="right", va="top", fontsize="small")  # fmt: skip


def _label_in_angstrom(axes: Axes) -> None:
    """Put labels in Å at round numbers on an axis in 1/Å."""
    end = axes.get_xlim()[1]
    ticks: list[float] = []
    for resolution in ROUND_RESOLUTIONS:
        place, last = 1 / resolution, 1 / ticks[-1] if ticks else np.inf
        # Closer than this and the labels touch.
        if place <= end and last - place >= 0.06 * end and place >= 0.03 * end:
            ticks.append(resolution)
    axes.set_xticks([1 / r for r in ticks], [f"{r:g}" for r in ticks])
