"""The two levels of a mask, whatever numbers a program writes for inside and outside."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import threads
from ..density import Density
from ..errors import MapContentError

# Most voxels of a mask have one of two values, and its soft edge the rest: both are fuller than the
# bins between them. In densities, noise and local resolutions no value near the largest is common.
BINS = 32
OUTER = BINS // 4
FULLER = 2.0
# Interpolation leaves masks this far from 0 and 1.
USUAL = 0.05
# More whole numbers are the steps of a soft edge. Half of a label's voxels lie within it.
MOST_LABELS, WITHIN = 64, 0.5
REMEDY = "give a mask, with one value inside and another outside"


@dataclass(frozen=True)
class Levels:
    """Values of a mask.

    Attributes
    ----------
    outside, inside : the two levels; 0 and 1 for masks that nearly have these
    lowest, highest : of all its values
    """

    outside: float
    inside: float
    lowest: float
    highest: float

    @property
    def threshold(self) -> float:
        """Halfway between the levels."""
        return 0.5 * (self.outside + self.inside)

    @property
    def usual(self) -> bool:
        """Whether they are 0 and 1."""
        return (self.outside, self.inside) == (0.0, 1.0)


def levels_of(mask: Density) -> Levels:
    """Return the levels of a mask.

    Raises
    ------
    MapContentError
        If it is no mask: see `require_values`, or it holds labels or gray values.
    """
    values = mask.values
    lowest, highest = require_values(mask)
    _check_labels(mask, lowest, highest)
    counts = _histogram(values, lowest, highest)
    middle = counts[OUTER:-OUTER].mean()
    bottom, top = (
        int(np.argmax(counts[:OUTER])),
        BINS - 1 - int(np.argmax(counts[: -OUTER - 1 : -1])),
    )
    if min(counts[bottom], counts[top]) < FULLER * middle:
        raise MapContentError(
            f"the mask {mask.name} has values of all sizes between {lowest:.4g} and {highest:.4g}, "
            f"like a density; {REMEDY}."
        )
    edges = np.linspace(lowest, highest, BINS + 1)
    outside, inside = (_typical(values, edges[k], edges[k + 1]) for k in (bottom, top))
    if abs(outside) <= USUAL and abs(inside - 1) <= USUAL:
        outside, inside = 0.0, 1.0
    return Levels(outside, inside, lowest, highest)


def require_values(mask: Density) -> tuple[float, float]:
    """Return the least and the largest value of a mask.

    Raises
    ------
    MapContentError
        If it is complex, not finite or constant.
    """
    values, name = mask.values, mask.name
    if np.iscomplexobj(values):
        raise MapContentError(f"the mask {name} holds complex values; {REMEDY}.")
    lowest, highest = float(values.min()), float(values.max())
    if not np.isfinite([lowest, highest]).all():
        bad = int(np.count_nonzero(~np.isfinite(values)))
        raise MapContentError(
            f"the mask {name} holds {bad} NaN or infinite values; replace them first."
        )
    if lowest == highest:
        what = (
            "is empty (0 everywhere)" if lowest == 0 else f"fills the box ({lowest:g} everywhere)"
        )
        raise MapContentError(f"the mask {name} {what}; {REMEDY}.")
    return lowest, highest


def _histogram(values: NDArray, lowest: float, highest: float) -> NDArray[np.intp]:
    def count(planes: range) -> NDArray[np.intp]:
        part = values[planes.start : planes.stop]
        return np.histogram(part, bins=BINS, range=(lowest, highest))[0]

    parts = threads.parts_of(len(values), values[0].size)
    return np.sum(threads.run_each(count, parts), axis=0)


def _typical(values: NDArray, low: float, high: float) -> float:
    return float(np.median(values[(values >= low) & (values <= high)]))


def _check_labels(mask: Density, lowest: float, highest: float) -> None:
    """Refuse a segmentation: its numbers are names, and halfway between two of them is nothing."""
    values = mask.values
    if highest - lowest > MOST_LABELS or np.any(values[0] != np.rint(values[0])):
        return
    between = (values > lowest) & (values < highest)
    if not between.any() or np.any(values[between] != np.rint(values[between])):
        return
    alike = between.copy()
    for axis in range(3):
        same = np.diff(values, axis=axis) == 0
        for end in (0, -1):
            places = np.arange(values.shape[axis])
            alike &= np.take(same, np.clip(places + end, 0, same.shape[axis] - 1), axis=axis)
    if np.count_nonzero(alike) > WITHIN * np.count_nonzero(between):
        count = np.unique(values).size
        raise MapContentError(
            f"the mask {mask.name} holds {count} labels from {lowest:g} to {highest:g}, like a "
            f"segmentation; {REMEDY}."
        )
