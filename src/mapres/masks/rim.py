"""A constant rim around a map: outside the sphere, cylinder or box that a program kept."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..arrays.nearby import bounding_box, near

# Fractions of the half axes of a solid: its outermost layer is filled to MOSTLY, and what is
# farther out to less than the rest. Masks of molecules fill at most half of the layer of the
# ellipsoid around them.
LAYER, BEYOND, MOSTLY = (0.85, 0.97), 1.04, 0.95
# Of the standard deviation of the map.
LEAST_NOISE = 0.01
# Coarser samples of the box are enough.
SAMPLES = 64
# Voxels: the widest soft edge of a rim, and the rows from which it is measured.
WIDEST, STEP, FEWEST_ROWS = 12, 2, 50
# Fraction of the step at the rim that is left where its edge ends.
LEFT = 0.05


def is_solid(values: NDArray, noisy: NDArray[np.bool_]) -> bool:
    """Return whether a region is an ellipsoid, an elliptic cylinder or a box, full of noise.

    Parameters
    ----------
    values : array, shape (z, y, x)
    noisy : bool array of that shape, the region
    """
    if not noisy.any():
        return False
    box = bounding_box(noisy)
    coarse = tuple(slice(None, None, -(-n // SAMPLES)) for n in noisy[box].shape)
    part, some = noisy[box][coarse], values[box][coarse]
    return any(_fills(some, part, radius) for radius in _solids(part.shape))


def _solids(shape: tuple[int, ...]) -> Iterator[NDArray]:
    """Yield the distance from the center, 1 at the surface, in solids that fit into a box."""
    z, y, x = np.meshgrid(
        *(np.abs(np.arange(n) - (n - 1) / 2) / (n / 2) for n in shape), indexing="ij", sparse=True
    )
    yield np.sqrt(z**2 + y**2 + x**2)
    for height, a, b in ((z, y, x), (y, x, z), (x, z, y)):
        yield np.maximum(height, np.sqrt(a**2 + b**2))
    yield np.maximum(np.maximum(z, y), x)


def _fills(values: NDArray, noisy: NDArray[np.bool_], radius: NDArray) -> bool:
    layer = (radius > LAYER[0]) & (radius < LAYER[1])
    beyond = noisy[radius > BEYOND]
    if not layer.any() or np.count_nonzero(beyond) > (1 - MOSTLY) * beyond.size:
        return False
    # A ball of one value is a mask.
    noise = values[layer].std() > LEAST_NOISE * values.std()
    return bool(noise and noisy[layer].mean() > MOSTLY)


def inside_rim(
    values: NDArray[np.float32], noisy: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], float] | None:
    """Return where a map is neither its constant rim nor the soft edge of that; None without rim.

    Parameters
    ----------
    values : array, shape (z, y, x)
    noisy : bool array of that shape, where they are not the rim's

    Returns
    -------
    bool array, shape (z, y, x), and the level of the map where the edge ends
    """
    profile = _profile(values, noisy)
    if profile is None:
        return None
    rim = float(values[~noisy].flat[0])
    steps = np.abs(profile[STEP:] - profile[:-STEP])
    ended = np.flatnonzero(steps < LEFT * np.abs(profile[STEP:] - rim))
    width = int(ended[0]) if ended.size else 0
    return ~near(~noisy, width + 1), float(profile[min(width + STEP, profile.size - 1)])


def _profile(values: NDArray[np.float32], noisy: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Return the mean of a map by depth inside the rim, in voxels, along rows through the middle.

    There the surface of a sphere is square to the rows.
    """
    depths: list[NDArray] = []
    for axis in range(3):
        middle = tuple(
            slice(None) if k == axis else slice(n // 2 - n // 8, n // 2 + n // 8 + 1)
            for k, n in enumerate(values.shape)
        )
        rows = np.moveaxis(values[middle], axis, -1).reshape(-1, values.shape[axis])
        inside = np.moveaxis(noisy[middle], axis, -1).reshape(rows.shape)
        for some, where in ((rows, inside), (rows[:, ::-1], inside[:, ::-1])):
            first = np.argmax(where, axis=1)
            kept = where.any(axis=1) & (first > 0) & (first + WIDEST < where.shape[1])
            at = first[kept, None] + np.arange(WIDEST)
            depths.append(np.take_along_axis(some[kept], at, axis=1))
    rows = np.concatenate(depths)
    # In noise, single voxels of the box's edge have the value that is taken for a rim.
    return rows.mean(axis=0, dtype=np.float64) if len(rows) > FEWEST_ROWS else None
