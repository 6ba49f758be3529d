"""The constant rim of a map: what programs and masks leave outside the part that they keep."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .edges import background, edges

# Fraction of the edges along x that holds one value if the rim is constant: of noise in 8 bits, 2%.
MOST_OF_EDGES = 0.5


def constant_rim(values: NDArray, least: float = MOST_OF_EDGES) -> NDArray[np.bool_] | None:
    """Return where a map has the one value of its rim, bool (z, y, x); None if that varies.

    Parameters
    ----------
    values : array, shape (z, y, x)
    least : fraction of the edges along x that must hold this value
    """
    constant = background(values)
    if np.mean(edges(values) == constant) < least:
        return None
    rim: NDArray[np.bool_] = values == constant
    return None if rim.all() else rim


def centered(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a map, shape (z, y, x), less its mean, and 0 where it has one value at its rim.

    Maps are correlated so: a constant beside another level than its own would correlate by the
    shape of its edge.
    """
    rim = constant_rim(values)
    if rim is None:
        return values - values.mean(dtype=np.float64).astype(np.float32)
    level = np.float32(values.mean(dtype=np.float64, where=~rim))
    return np.where(rim, np.float32(0), values - level)
