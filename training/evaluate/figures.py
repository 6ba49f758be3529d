"""Figures of training and of class probabilities."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from mapres.density import Density
from mapres.features.distribution import CLASS_LIMITS, CLASSES
from mapres.local.resolution import LocalResolution
from mapres.results.drawing import color_range, palette

# Okabe & Ito's palette, which color-blind readers can tell apart.
COLORS = ("#0072B2", "#E69F00", "#D55E00")
# Changes of a predicted resolution, %: almost all are smaller.
SHOWN = (-30, 60)
# Å and %, on logarithmic axes.
TICKS = (2, 3, 4, 5, 7, 10, 15, 20, 30)
PERCENT = (2, 5, 10, 20, 50, 100)


def training_figure(curve: list[dict[str, str]], title: str, path: Path) -> None:
    """Draw accuracy and loss of training and validation maps over the steps."""
    steps = [int(row["step"]) for row in curve]
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    for axis, what in zip(axes, ("accuracy", "loss"), strict=True):
        for name, color in zip((what, f"validation {what}"), COLORS, strict=False):
            axis.plot(steps, [float(row[name]) for row in curve], color=color, label=name)
        axis.set(xlabel="training step", ylabel=what)
        axis.legend(frameon=False)
    figure.suptitle(title)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def probability_figure(rows: list[list], names: list[str], path: Path) -> None:
    """Draw mean class probabilities over resolution, one panel per model.

    ``rows`` are those of the table: Å, n, then four cells per model.
    """
    resolution = [float(row[0]) for row in rows]
    figure, axes = plt.subplots(1, len(names), figsize=(10, 3), sharey=True, layout="constrained")
    for place, (axis, name) in enumerate(zip(np.atleast_1d(axes), names, strict=True)):
        for k, (label, color) in enumerate(zip(CLASSES, COLORS, strict=True)):
            values = [float(row[2 + 4 * place + k]) for row in rows]
            axis.plot(resolution, values, "o-", markersize=3, color=color, label=label)
        for limit in CLASS_LIMITS:
            axis.axvline(limit, color="0.7", linewidth=0.8, zorder=0)
        axis.set(title=name, xlabel="nominal resolution (Å)")
    np.atleast_1d(axes)[0].set_ylabel("mean class probability")
    np.atleast_1d(axes)[-1].legend(frameon=False)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def real_figure(rows: list[list], path: Path) -> None:
    """Draw estimates with their intervals over published values, and name those that miss.

    ``rows`` are those of the table of real maps: name, whole, published Å, class, its probability,
    Å, interval, and more; without a published value or an estimate they are left out.
    """
    figure, axis = plt.subplots(figsize=(6, 4.5), layout="constrained")
    for name, whole, published, _, _, found, interval, *_ in rows:
        if "-" in (found, interval) or published == "unknown":
            continue
        low, high = map(float, interval.split("-"))
        middle, missed = float(found), not low <= published <= high
        color = COLORS[2] if missed else COLORS[0]
        ends = [[max(0.0, middle - low)], [max(0.0, high - middle)]]
        filled = color if whole == "yes" else "white"
        style = {"color": color, "markerfacecolor": filled, "capsize": 3}
        axis.errorbar([published], [middle], ends, fmt="o", **style)
        if missed:
            place = {"xytext": (6, 4), "textcoords": "offset points", "fontsize": 8}
            axis.annotate(name.split(".")[0], (published, middle), **place)
    axis.plot(TICKS, TICKS, color="0.7", linewidth=0.8, zorder=0)
    axis.set(xscale="log", yscale="log", xlabel="published (Å)", ylabel="MapRes, 90% interval (Å)")
    for each in (axis.xaxis, axis.yaxis):
        each.set_ticks(TICKS, labels=map(str, TICKS))
        each.set_ticks([], minor=True)
    axis.set_title("Real maps: complete (filled), cropped (open); red: interval misses", fontsize=9)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def methods_figure(errors: dict[str, list[float]], path: Path) -> None:
    """Draw the mean relative error of every map by every method, and each method's mean."""
    height = 0.35 * len(errors) + 1.0
    figure, axis = plt.subplots(figsize=(7, height), layout="constrained")
    for row, (name, found) in enumerate(errors.items()):
        percent = 100 * np.array(found)
        color = COLORS[0] if name.startswith("MapRes") else "0.5"
        axis.plot(percent, np.full(len(percent), row), "o", color=color, alpha=0.35, markersize=4)
        axis.plot([percent.mean()], [row], "|", color="black", markersize=14, markeredgewidth=2)
    axis.set_yticks(range(len(errors)), [f"{name} (n = {len(e)})" for name, e in errors.items()])
    axis.invert_yaxis()
    axis.set(xscale="log", xlabel="relative error of a map (%), and their mean")
    axis.set_xticks(PERCENT, labels=map(str, PERCENT))
    figure.savefig(path, dpi=120)
    plt.close(figure)


def labels_figure(
    found: list[tuple[Density, dict[str, LocalResolution | str]]], path: Path
) -> None:
    """Draw maps beside what each method, by its name, made of them, or why it made nothing.

    Maps of which no method made anything are left out.
    """
    drawn = [each for each in found if not all(isinstance(r, str) for r in each[1].values())]
    methods = list(found[0][1])
    size = (2.4 * (1 + len(methods)) + 0.9, 2.2 * len(drawn))
    figure, axes = plt.subplots(
        len(drawn), 1 + len(methods), figsize=size, squeeze=False, layout="constrained"
    )
    for panels, (density, results) in zip(axes, drawn, strict=True):
        _draw_labels(figure, panels, density, list(results.values()))
    for panel, title in zip(axes[0], ("map", *methods), strict=True):
        panel.set_title(title)
    for panel in axes.flat:
        panel.set(xticks=[], yticks=[])
    figure.savefig(path, dpi=100)
    plt.close(figure)


def _draw_labels(figure, panels, density: Density, results: list[LocalResolution | str]) -> None:
    """Draw the slice through the middle of what was measured."""
    measured = [result for result in results if not isinstance(result, str)]
    middle = round(float(np.flatnonzero(measured[0].mask.any(axis=(1, 2))).mean()))
    low, high = color_range(np.concatenate([r.values[r.mask] for r in measured]))
    panels[0].imshow(density.values[middle], cmap="Greys_r", origin="lower")
    panels[0].set_ylabel(density.name, fontsize=7)
    for panel, result in zip(panels[1:], results, strict=True):
        if isinstance(result, str):
            panel.text(0, 0, fill(result, 30), ha="center", va="center", fontsize=6)
            panel.set(xlim=(-1, 1), ylim=(-1, 1), aspect=1)
            continue
        values = np.where(result.mask[middle], result.values[middle], np.nan)
        image = panel.imshow(values, cmap=palette(), vmin=low, vmax=high, origin="lower")
    figure.colorbar(image, ax=panels[-1], label="Å")


def robustness_figure(rows: list[list], path: Path) -> None:
    """Draw how far predictions move: median and 10-90% range of each change, one panel per family.

    ``rows`` are those of the table: family, change, n, then median and range as percentages. Where
    a range leaves the panel its end is written down.
    """
    families = list(dict.fromkeys(row[0] for row in rows))
    figure, axes = plt.subplots(2, 4, figsize=(12, 5), sharey=True, layout="constrained")
    for axis, family in zip(axes.flat, families, strict=False):
        here = [row for row in rows if row[0] == family]
        middle, low, high = (
            np.array([float(row[k].rstrip("%")) for row in here]) for k in (3, 4, 5)
        )
        places = np.arange(len(here))
        spread = np.stack([middle - low, high - middle])
        axis.errorbar(places, middle, spread, fmt="o", color=COLORS[0], capsize=3)
        for place, end in zip(places, high, strict=True):
            if end > SHOWN[1]:
                text = {"ha": "center", "va": "top", "fontsize": 8}
                axis.annotate(f"to {end:+.0f}", (place, SHOWN[1]), (place + 0.35, SHOWN[1]), **text)
        axis.axhline(0, color="0.7", linewidth=0.8, zorder=0)
        axis.set_xticks(places, [row[1] for row in here])
        axis.set(title=family, ylim=SHOWN, xlim=(-0.7, len(here) - 0.3))
    for axis in axes.flat[len(families) :]:
        axis.axis("off")
    figure.supylabel("change of predicted resolution (%)")
    figure.savefig(path, dpi=120)
    plt.close(figure)
