"""How often intervals hold the truth, of all and of the group of maps where they do least."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# Of the 90% intervals so many must hold the truth, and of every group of maps treated alike.
COVERAGE, LEAST_COVERAGE = 0.9, 0.85


def coverage(inside: NDArray[np.bool_], groups: NDArray, smallest: int) -> dict:
    """Return for a card how many of the intervals hold the truth.

    Parameters
    ----------
    inside : bool array, shape (n,), whether each does
    groups : array, shape (n,), the name of each one's group
    smallest : groups with fewer are not looked at by themselves
    """
    names, counts = np.unique(groups, return_counts=True)
    parts = {str(g): float(inside[groups == g].mean()) for g in names[counts >= smallest]}
    overall = float(inside.mean())
    worst = min(parts, key=parts.__getitem__, default="all")
    return {
        "coverage_90": round(overall, 4),
        "worst_coverage_90": round(parts.get(worst, overall), 4),
        "worst_group": worst,
    }


def suffices(scores: dict) -> bool:
    """Return whether intervals are wide enough."""
    return scores["coverage_90"] >= COVERAGE and scores["worst_coverage_90"] >= LEAST_COVERAGE
