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
# Means over three shells in a row that are still near 0.143, and how much farther than the crossing
# they must reach.
NEAR, FARTHER = 0.1, 1.25
# Of signal to noise in one half map, where their FSC is 0.143.
RATIO = LEVEL / (1 - LEVEL)


def rises_to(curve: ShellCorrelation) -> float | None:
    """Return up to what resolution (Å) a curve is above 0.143 again, None if it stays below."""
    fsc = curve.used
    below = np.flatnonzero(fsc < LEVEL)
    if below.size == 0 or len(fsc) < below[0] + IN_A_ROW:
        return None
    last = None
    for start in range(int(below[0]), len(fsc) - IN_A_ROW + 1):
        for length in (IN_A_ROW, 2 * IN_A_ROW):
            row = slice(start, start + length)
            risen = fsc[row].mean() > LEVEL + RISE and (fsc[row] > LEVEL).all()
            if risen and len(fsc[row]) == length and _certain(curve, row, LEVEL):
                last = start
    if last is None:
        return None
    ends = last + np.flatnonzero(fsc[last:] < LEVEL)
    return float(1 / curve.frequency[ends[0] - 1 if ends.size else -1])


def runs_to(curve: ShellCorrelation) -> float | None:
    """Return up to what resolution (Å) a curve stays near 0.143 beyond its crossing, or None."""
    fsc, crossing = curve.used, curve.crossing(LEVEL)
    below = np.flatnonzero(fsc < LEVEL)
    if crossing is None or below.size == 0 or len(fsc) < below[0] + IN_A_ROW:
        return None
    beyond = fsc[below[0] :]
    lower = np.flatnonzero(np.convolve(beyond, np.ones(IN_A_ROW) / IN_A_ROW, "valid") < NEAR)
    reached = beyond[: lower[0] + IN_A_ROW - 1] if lower.size else beyond
    near = np.flatnonzero(reached >= NEAR)
    if near.size == 0 or (lower.size and lower[0] == 0):
        return None
    run = slice(int(below[0]), int(below[0] + near[-1] + 1))
    end = max(float(1 / curve.frequency[run.stop - 1]), curve.finest)
    return end if crossing > FARTHER * end and _certain(curve, run) else None


def _certain(curve: ShellCorrelation, row: slice, least: float = 0.0) -> bool:
    """Return whether the mean of a row of shells is above ``least`` beyond chance."""
    values, errors = curve.used[row], curve.error[row]
    error = float(np.sqrt(np.mean(errors**2) / len(values)))
    return bool(values.mean() > least + ERRORS * error)


def range_in_masks(
    curve: ShellCorrelation, volumes: tuple[float, float]
) -> tuple[float | None, float | None]:
    """Return where the FSC crosses 0.143 in masks of other volumes, Å; None where it is below.

    The signal is all inside, and noise is proportional to the volume, so that where the FSC is
    0.143 in another mask, the ratio of the two differs by that factor here.

    Parameters
    ----------
    curve : in one mask
    volumes : of two others, over that of this
    """
    first, second = (curve.crossing(ratio / (1 + ratio)) for ratio in RATIO * np.array(volumes))
    return first, second


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
