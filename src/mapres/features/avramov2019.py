"""Inputs of the networks of Avramov et al. 2019 (Molecules 24, 1181, sections 2.3 and 4.1).

They ignore the voxel size, and scale a map by its extremes. The classifiers use its central 64³
voxels; the U-Nets use cubes of 16³, 0 outside the mask, and predict one of ten classes per voxel.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BOX, EDGE = 64, 16
# Upper limits of the first nine classes, Å; half-open, so that exactly 2 Å is in the second.
LIMITS = np.arange(2.0, 10.5, 1.0)
CLASSES = len(LIMITS) + 1
# Å, names and values of the classes: the middle of each, for the open last one its limit.
NAMES = ("0-2", *(f"{limit:.0f}-{limit + 1:.0f}" for limit in LIMITS[:-1]), "> 10")
MIDDLES = np.append(LIMITS - 0.5, LIMITS[-1]).astype(np.float32)


def classes_of(resolution: NDArray) -> NDArray[np.uint8]:
    """Return the class, 0 to 9, of resolutions in Å."""
    return np.digitize(resolution, LIMITS).astype(np.uint8)


def masked(values: NDArray, inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Scale a map to [0, 1] by its extremes, and set it to 0 outside the mask."""
    return np.where(inside, min_max(values), np.float32(0))


def padded(array: NDArray, empty: float) -> NDArray:
    """Pad a map to multiples of 16 voxels, so that it is divided into cubes as in the paper.

    The paper centers the map in a cube of the next power of two; cubes that would be entirely empty
    are left out.
    """
    widths = [(b, -(b + n) % EDGE) for b, n in zip(_before(array.shape), array.shape, strict=True)]
    return np.pad(array, widths, constant_values=empty)


def _before(shape: tuple[int, ...]) -> list[int]:
    return [(power_of_two(max(shape)) - n) // 2 % EDGE for n in shape]


def power_of_two(length: int) -> int:
    """Return the smallest power of two that is at least a length, and at least 16."""
    return max(EDGE, 1 << (length - 1).bit_length())


def blocks(array: NDArray) -> NDArray:
    """Cut an array whose edges are multiples of 16 into (n, 16, 16, 16), x fastest."""
    z, y, x = (n // EDGE for n in array.shape)
    parts = array.reshape(z, EDGE, y, EDGE, x, EDGE)
    return parts.transpose(0, 2, 4, 1, 3, 5).reshape(-1, EDGE, EDGE, EDGE)


def whole(parts: NDArray, shape: tuple[int, ...]) -> NDArray:
    """Reassemble the blocks of a padded array, without its padding."""
    starts = _before(shape)
    z, y, x = (-(-(s + n) // EDGE) for s, n in zip(starts, shape, strict=True))
    array = parts.reshape(z, y, x, EDGE, EDGE, EDGE).transpose(0, 3, 1, 4, 2, 5)
    array = array.reshape(z * EDGE, y * EDGE, x * EDGE)
    return array[tuple(slice(s, s + n) for s, n in zip(starts, shape, strict=True))]


def min_max(values: NDArray) -> NDArray[np.float32]:
    """Scale an array linearly to [0, 1]; a constant one becomes 0."""
    low, high = float(values.min()), float(values.max())
    return ((values - low) / max(high - low, 1e-30)).astype(np.float32)


def central_box(values: NDArray) -> NDArray[np.float32]:
    """Return the central 64³ of a map scaled to [0, 1]; short axes are zero-padded at the end.

    Parameters
    ----------
    values : array, shape (z, y, x)

    Returns
    -------
    float32 array, shape (64, 64, 64)
    """
    starts = [max(0, (n - BOX) // 2) for n in values.shape]
    middle = min_max(values)[tuple(slice(start, start + BOX) for start in starts)]
    return np.pad(middle, [(0, BOX - n) for n in middle.shape])
