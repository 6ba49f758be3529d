"""How often intervals hold the truth, of all and of the group of maps where they do least."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mapres.errors import MapResError

Candidate = TypeVar("Candidate")

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


def narrowest(candidates: Iterable[Candidate], score: Callable[[Candidate], dict]) -> tuple:
    """Return the first calibration whose intervals are wide enough, and its scores.

    Parameters
    ----------
    candidates : calibrations, of the narrowest intervals first
    score : gives their scores, with those of `coverage`

    Raises
    ------
    MapResError
        If none of them is.
    """
    for candidate in candidates:
        scores = score(candidate)
        enough = scores["coverage_90"] >= COVERAGE
        if enough and scores["worst_coverage_90"] >= LEAST_COVERAGE:
            return candidate, scores
    raise MapResError(
        f"no calibration makes 90% intervals wide enough; the widest hold the truth for "
        f"{scores['coverage_90']:.0%}, and of {scores['worst_group']} for "
        f"{scores['worst_coverage_90']:.0%}."
    )
