"""The operating curve of verdicts: what is said of true claims and of claims that are too fine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from mapres.density import Density
from mapres.half_maps import HalfMaps, checked_with_half_maps
from mapres.masks.given import given_mask
from mapres.networks.registry import load
from mapres.progress import silent
from mapres.validation.analysis import Analysis, analyze
from mapres.validation.verdict import VERDICTS

# Claims, as fractions of what is true: smaller ones are finer.
FACTORS = (1.0, 0.9, 0.8, 0.75, 0.7, 0.6)
# From Okabe & Ito's palette, in the order of `VERDICTS`; inconclusive is gray.
COLORS = ("#009E73", "#D55E00", "#0072B2", "0.75")
ACROSS = 5


def analyzed(
    density: Density,
    model: str,
    half_maps: HalfMaps | None = None,
    mask: Density | None = None,
) -> Analysis:
    """Analyze a map as `mapres.validate` does."""
    density, half_maps = checked_with_half_maps(density, half_maps)
    masked = None if mask is None else given_mask(mask, density)
    return analyze(density, half_maps, load(model), silent, masked)


def claims(analysis: Analysis, true: float) -> dict[str, str]:
    """Return the verdicts on claims of `FACTORS` times the true resolution (Å), by column."""
    return {f"claim_{k:g}": analysis.judged(k * true).verdict or "" for k in FACTORS}


def share(results: Sequence[dict], factor: float, verdict: str) -> float:
    """Return the fraction of results with a verdict on claims of one factor."""
    return float(np.mean([result[f"claim_{factor:g}"] == verdict for result in results]))


def operating_curve(groups: dict[str, Sequence[dict]], path: Path) -> None:
    """Draw the fractions of all verdicts over the claim, one panel for each group of results."""
    rows = -(-len(groups) // ACROSS)
    size = {"figsize": (2.4 * ACROSS, 2.2 * rows + 0.5), "layout": "constrained"}
    figure, axes = plt.subplots(rows, ACROSS, sharex=True, sharey=True, **size)
    panels = np.ravel(axes)
    for panel, (name, results) in zip(panels, groups.items(), strict=False):
        parts = [[share(results, factor, verdict) for factor in FACTORS] for verdict in VERDICTS]
        panel.stackplot(FACTORS, parts, colors=COLORS, labels=VERDICTS)
        panel.set_title(f"{name} (n = {len(results)})", fontsize=8)
        panel.set(xlim=(FACTORS[0], FACTORS[-1]), ylim=(0, 1))
    for panel in panels[len(groups) :]:
        panel.set_visible(False)
    figure.supxlabel("claim / true resolution")
    figure.supylabel("fraction of maps")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper center", ncols=4)
    figure.savefig(path, dpi=120)
    plt.close(figure)
