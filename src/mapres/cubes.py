"""What the U-Nets of Avramov et al. 2019 (Molecules 24, 1181, section 4.1) see of a map.

They know no voxel size and no surroundings: cubes of 16³ voxels, scaled by the extremes of the
whole map, 0 outside the mask. They answer with one of ten classes of local resolution.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .density import Progress
from .paper import min_max

if TYPE_CHECKING:
    from .networks.registry import Predict

EDGE = 16
# Upper limits of the first nine classes, Å; half-open, so that exactly 2 Å is of the second.
LIMITS = np.arange(2.0, 10.5, 1.0)
CLASSES = len(LIMITS) + 1
# Å, and what stands for each class: its middle, and for the last, which has none, its limit.
NAMES = ("0-2", *(f"{limit:.0f}-{limit + 1:.0f}" for limit in LIMITS[:-1]), "> 10")
MIDDLES = np.append(LIMITS - 0.5, LIMITS[-1]).astype(np.float32)
BATCH = 16


def classes_of(resolution: NDArray) -> NDArray[np.uint8]:
    """Return which of the ten classes resolutions in Å are in, 0 to 9."""
    return np.digitize(resolution, LIMITS).astype(np.uint8)


def read_classes(
    values: NDArray, inside: NDArray[np.bool_], predict: Predict, progress: Progress
) -> NDArray[np.uint8]:
    """Let a U-Net read a map cube by cube.

    Parameters
    ----------
    values : array, shape (z, y, x)
    inside : bool array, shape (z, y, x), the mask
    predict : from cubes, shape (n, 16, 16, 16), to probabilities, shape (n, 16, 16, 16, 10)
    progress : called with (fraction, message) before every batch

    Returns
    -------
    uint8 array, shape (z, y, x), 0 to 9; 0 where no cube has anything
    """
    parts = blocks(padded(masked(values, inside), 0))
    found = np.zeros(parts.shape, dtype=np.uint8)
    full = np.flatnonzero(parts.any(axis=(1, 2, 3)))
    for start in range(0, len(full), BATCH):
        progress(start / len(full), f"cube {start + 1} of {len(full)}")
        chosen = full[start : start + BATCH]
        found[chosen] = np.argmax(predict(parts[chosen]), axis=-1)
    return whole(found, values.shape)


def masked(values: NDArray, inside: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Scale a map to [0, 1] by its extremes, and make it 0 outside the mask."""
    return np.where(inside, min_max(values), np.float32(0))


def padded(array: NDArray, empty: float) -> NDArray:
    """Pad a map to multiples of 16 voxels, so that it lies in its cubes as the paper's do.

    Those are cut from the next power-of-two cube with the map in its middle; of that cube, what
    would be empty throughout is left out.
    """
    edge = power_of_two(max(array.shape))
    before = [(edge - n) // 2 % EDGE for n in array.shape]
    widths = [(b, -(b + n) % EDGE) for b, n in zip(before, array.shape, strict=True)]
    return np.pad(array, widths, constant_values=empty)


def power_of_two(length: int) -> int:
    """Return the smallest power of two that is not below a length, 16 at the least."""
    return max(EDGE, 1 << (length - 1).bit_length())


def blocks(array: NDArray) -> NDArray:
    """Cut an array whose edges are multiples of 16 into (n, 16, 16, 16), x fastest."""
    z, y, x = (n // EDGE for n in array.shape)
    parts = array.reshape(z, EDGE, y, EDGE, x, EDGE)
    return parts.transpose(0, 2, 4, 1, 3, 5).reshape(-1, EDGE, EDGE, EDGE)


def whole(parts: NDArray, shape: tuple[int, ...]) -> NDArray:
    """Put the blocks of a padded array together again, without its padding."""
    edge = power_of_two(max(shape))
    starts = [(edge - n) // 2 % EDGE for n in shape]
    z, y, x = (-(-(s + n) // EDGE) for s, n in zip(starts, shape, strict=True))
    array = parts.reshape(z, y, x, EDGE, EDGE, EDGE).transpose(0, 3, 1, 4, 2, 5)
    array = array.reshape(z * EDGE, y * EDGE, x * EDGE)
    return array[tuple(slice(s, s + n) for s, n in zip(starts, shape, strict=True))]
