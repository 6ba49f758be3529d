"""Percentiles of large arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .. import threads

# Voxels from which the range of a percentile is found, and by how many standard errors of its rank
# it is widened: so rarely is it missed, and then all values are used.
SAMPLE, SEED, ERRORS = 30_000, 33, 6.0
# Values compared at a time.
PART = 1 << 20


def percentile(values: NDArray, level: float, kept: NDArray[np.bool_] | None = None) -> float:
    """Return the same as `numpy.percentile` but for rounding, from the values near it alone.

    Parameters
    ----------
    values : array, contiguous, of one value at least
    level : percent
    kept : bool array of the same shape, which values to use; None for all
    """
    size = values.size if kept is None else np.count_nonzero(kept)
    return value_at(values, level / 100 * (size - 1), kept)


def value_at(values: NDArray, position: float, kept: NDArray[np.bool_] | None = None) -> float:
    """Return the value at a position of the sorted values, interpolated linearly between two.

    ``position`` counts from 0; the other parameters are those of `percentile`.
    """
    size = values.size if kept is None else np.count_nonzero(kept)
    if size > 10 * SAMPLE:
        flat, used = values.ravel(), None if kept is None else kept.ravel()
        near, below = _near(flat, position / (size - 1), used)
        if 0 <= position - below <= near.size - 1:
            return _interpolated(near, position - below)
    return _interpolated(values.flatten() if kept is None else values[kept], position)


def _near(values: NDArray, fraction: float, kept: NDArray[np.bool_] | None) -> tuple[NDArray, int]:
    """Return the values near a fraction of the sorted ones, and how many are below those."""
    places = np.random.default_rng(SEED).integers(values.size, size=SAMPLE)
    sample = np.sort(values[places] if kept is None else values[places[kept[places]]])
    middle = fraction * sample.size
    off = ERRORS * np.sqrt(middle * (1 - fraction)) + 1
    first, last = middle - off, middle + off
    low = sample[int(first)] if first >= 0 else -np.inf
    high = sample[int(last)] if last < sample.size else np.inf

    def part_near(places: range) -> tuple[NDArray, int]:
        where = slice(places.start, places.stop)
        part = values[where] if kept is None else values[where][kept[where]]
        return part[(part >= low) & (part <= high)], int(np.count_nonzero(part < low))

    found = threads.run_each(part_near, threads.slabs(values.size, PART))
    return np.concatenate([near for near, _ in found]), sum(below for _, below in found)


def _interpolated(near: NDArray, position: float) -> float:
    below = int(position)
    above = min(below + 1, near.size - 1)
    near.partition([below, above])
    return float(near[below]) + (position - below) * (float(near[above]) - float(near[below]))
