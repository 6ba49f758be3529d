"""The values on the edges and faces of a box, where there is no molecule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def background(values: NDArray) -> float:
    """Return the most common value on the four edges of the box along x."""
    candidates, counts = np.unique(edges(values), return_counts=True)
    return float(candidates[np.argmax(counts)])


def edges(values: NDArray) -> NDArray:
    """Return the values on the four edges of the box along x, of an array of shape (z, y, x)."""
    return values[:: max(1, values.shape[0] - 1), :: max(1, values.shape[1] - 1)].ravel()


def faces(values: NDArray) -> NDArray:
    """Return the values on the six faces of the box, of an array of shape (z, y, x)."""
    return np.concatenate([values.take(end, axis).ravel() for axis in range(3) for end in (0, -1)])
