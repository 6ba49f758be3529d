"""Whether the sections of an array are those of a volume, or images one upon the other."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..arrays.interpolate import block_means

# Noise of an unfiltered volume may hide that neighboring sections are alike, as in one of 84
# reconstructions; means over squares of so many voxels show it.
COARSER = 2
# Pairs of sections that are compared at each distance, voxels along their edges, fewest sections.
PAIRS, EDGE, FEWEST = 60, 128, 16
# Two images are as alike as any two others: correlations at all distances differ by less than this
# fraction, these standard errors, and this much. Those of volumes fall with distance.
EQUAL, ERRORS, ROUNDING = 0.1, 3.0, 0.002
# The same for what they lack to 1: tubes along z are alike at all distances, too, but the more so
# the closer.
LACKING = 0.8
# Fraction of the correlation of neighboring rows that such a difference must be below to tell.
TELLING = 0.25


def like_images(values: NDArray) -> bool:
    """Return whether the sections of an array are as alike at any distance, as those of stacks are.

    Parameters
    ----------
    values : array, shape (z, y, x); sections along z
    """
    if len(values) < FEWEST or min(values.shape[1:]) < COARSER * 2:
        return False
    return _equally_alike(values) and _equally_alike(block_means(values, (1, COARSER, COARSER)))


def _equally_alike(values: NDArray) -> bool:
    rows = min(_of_neighbors(values, axis) for axis in (1, 2))
    steps = sorted({1, 2, 4, len(values) // 4, len(values) // 2})
    found = [_of_sections(values, step) for step in steps]
    means = np.array([each.mean() for each in found])
    errors = np.array([each.std() / np.sqrt(each.size) for each in found])
    overall = float(means.mean())
    room = EQUAL * abs(overall) + ERRORS * errors + ROUNDING
    alike = np.all(np.abs(means - overall) < room) and room.mean() < TELLING * rows
    return bool(alike and 1 - means[0] > LACKING * (1 - means[-1]))


def _of_sections(values: NDArray, step: int) -> NDArray[np.float64]:
    """Return correlations of sections so many voxels apart, shape (pairs,)."""
    places = np.unique(np.linspace(0, len(values) - step - 1, PAIRS).astype(int))
    values = values[:, :: -(-values.shape[1] // EDGE), :: -(-values.shape[2] // EDGE)]
    return np.array([_correlation(values[k], values[k + step]) for k in places])


def _of_neighbors(values: NDArray, axis: int) -> float:
    """Return the mean correlation of neighboring rows (axis 1) or columns (2) of sections."""
    places = np.unique(np.linspace(0, len(values) - 1, PAIRS // 3).astype(int))
    sections = (np.moveaxis(values[k], axis - 1, 0) for k in places)
    return float(np.mean([_correlation(part[1:], part[:-1]) for part in sections]))


def _correlation(first: NDArray, second: NDArray) -> float:
    """Return Pearson's correlation; 0 where one is constant."""
    # Squares of 1e30 overflow in float32.
    a, b = (part - part.mean() for part in (first.astype(np.float64), second.astype(np.float64)))
    power = float(np.vdot(a, a)) * float(np.vdot(b, b))
    return float(np.vdot(a, b)) / np.sqrt(power) if power > 0 else 0.0
