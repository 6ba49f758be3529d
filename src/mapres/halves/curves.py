"""What is wrong with the FSC of two half maps, as its curve shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ..fsc import ShellCorrelation

LEVEL = 0.143
# Shells in a row that a curve must be above the level by so much, and by so many standard errors of
# their mean, before it counts as risen again; beyond the crossing, means over three shells of 100
# simulated sets and 41 reconstructions are below 0.13, but for one of 0.19.
IN_A_ROW, RISE, ERRORS = 3, 0.06, 3.0


def rises_to(curve: ShellCorrelation) -> float | None:
    """Return up to what resolution (Å) a curve is above 0.143 again, None if it stays below."""
    fsc = curve.used
    below = np.flatnonzero(fsc < LEVEL)
    if below.size == 0 or len(fsc) < below[0] + IN_A_ROW:
        return None
    starts = range(int(below[0]), len(fsc) - IN_A_ROW + 1)
    rows = [slice(start, start + IN_A_ROW) for start in starts]
    errors = curve.error
    last = None
    for row in rows:
        least = LEVEL + max(RISE, ERRORS * float(np.sqrt(np.mean(errors[row] ** 2) / IN_A_ROW)))
        if fsc[row].mean() > least and (fsc[row] > LEVEL).all():
            last = row.start
    if last is None:
        return None
    ends = last + np.flatnonzero(fsc[last:] < LEVEL)
    return float(1 / curve.frequency[ends[0] - 1 if ends.size else -1])


def mask_correlation(curve: ShellCorrelation) -> float | None:
    """Return how the mask alone makes random phases correlate, from where the FSC crosses 0.143 on.

    It is the mean of the phase-randomized FSC over the three shells before the crossing, that still
    count; None without a mask, or where phases are random only beyond.
    """
    random = curve.phase_randomized
    if random is None or curve.randomized_from is None:
        return None
    below = np.flatnonzero(curve.used < LEVEL)
    end = int(below[0]) if below.size else len(random)
    row = random[max(curve.randomized_from, end - IN_A_ROW) : end + 1]
    return float(row.mean()) if row.size else None
