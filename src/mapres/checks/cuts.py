"""Signs that values of a map were cut: off at a level, or out of its middle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays.edges import background
from ..features.outliers import sample_of

# Quantile of the distances from the most common value at which a gap ends: single voxels, of an
# interpolation, may lie in it.
FEW = 1e-3


@dataclass(frozen=True)
class Cuts:
    """What is left of a map's values.

    Attributes
    ----------
    lowest, highest : the least and the largest value
    floor, ceiling : fractions of the voxels that hold them
    gap : distance from the value along the edges of the box to the next one, over the 99.9th
        percentile of all such distances
    outside : fraction of the voxels that hold that value
    """

    lowest: float
    highest: float
    floor: float
    ceiling: float
    gap: float
    outside: float


def measure_cuts(values: NDArray) -> Cuts:
    """Measure how the values of a map, shape (z, y, x), end."""
    sample = sample_of(values)
    lowest, highest, common = float(values.min()), float(values.max()), background(values)
    apart = np.abs(sample[sample != common] - np.float32(common))
    few, most = np.quantile(apart, (FEW, 1 - FEW)) if apart.size else (0.0, 1.0)
    return Cuts(
        lowest,
        highest,
        floor=float(np.mean(sample == lowest)),
        ceiling=float(np.mean(sample == highest)),
        gap=float(few / max(most, 1e-30)),
        outside=1 - apart.size / sample.size,
    )
