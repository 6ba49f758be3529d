"""The rim of a box, which masks and reconstruction programs leave at one constant value."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..arrays.edges import background, edges
from ..arrays.nearby import near
from ..density import Density

# Fraction of the box's edges that holds one value if the rim is constant: of noise in 8 bits, 2%.
MOST_OF_RIM = 0.5
# Voxels beside a rim in which the level of the rest is measured, and by how many standard
# deviations that is another one.
BESIDE, STEP = 2.0, 1.0


def constant_rim(values: NDArray) -> NDArray[np.bool_] | None:
    """Return where a map has the one value of its rim, bool (z, y, x); None if that varies."""
    constant = background(values)
    if np.mean(edges(values) == constant) < MOST_OF_RIM:
        return None
    rim: NDArray[np.bool_] = values == constant
    return None if rim.all() else rim


def at_one_level(density: Density) -> Density:
    """Return a map whose constant rim, if there is one, is at the level of what is next to it.

    A sphere around a molecule may have been left at another level than the value outside, and then
    stands out from it like a molecule.
    """
    values, rim = density.values, constant_rim(density.values)
    if rim is None:
        return density
    beside = values[near(rim, BESIDE) & ~rim]
    level, spread = float(np.mean(beside, dtype=np.float64)), float(np.std(beside))
    if abs(float(values[rim][0]) - level) <= STEP * spread:
        return density
    return density.with_values(np.where(rim, np.float32(level), values))
