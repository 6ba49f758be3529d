"""Interpolation between sampled voxels, nearest known values, and block means."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .. import threads
from ..fourier import along
from ..progress import beat
from .nearby import bounding_box, near

# Voxels within which values are extended exactly: surfaces lie at the edge of the mask.
NEAR = 3
# Voxels, edge of a block.
BLOCK = 4


def fill_between(
    values: NDArray[np.float32],
    visited: NDArray[np.bool_],
    wanted: NDArray[np.bool_],
    stride: int,
) -> None:
    """Interpolate resolutions between those of a coarse grid, in place.

    Interpolation is linear in 1/Å: halfway between 4 Å and noise (200 Å) is 7.8 Å, not 102 Å. Where
    no grid point around is visited, the nearest visited one is used.

    Parameters
    ----------
    values : shape (z, y, x), Å where ``visited``, else 0
    visited : shape (z, y, x), on the coarse grid; at least one
    wanted : shape (z, y, x), what to fill
    stride : voxels between grid points, which start at voxel 0
    """
    grid = (slice(None, None, stride),) * 3
    known = visited[grid]
    frequency = np.divide(1, values[grid], out=np.zeros(known.shape, np.float32), where=known)
    weight, sums = (
        _refined(coarse, stride, values.shape) for coarse in (known.astype(np.float32), frequency)
    )
    between = wanted & ~visited & (sums > 0)
    values[between] = weight[between] / sums[between]
    left = wanted & (values == 0)
    if left.any():
        values[left] = nearest_known(values, values != 0)[left]


def nearest_known(values: NDArray, known: NDArray[np.bool_]) -> NDArray:
    """Fill every voxel with the value of the nearest ``known`` one; shapes (z, y, x).

    Voxels outside the bounding box of the known ones take the value of its closest voxel: indices
    of a whole map of 512³ voxels would take 1.6 GB.
    """
    beat()
    box = bounding_box(known)
    return _beyond(values[box][tuple(_nearest(known[box]))], box, values.shape)


def extended(values: NDArray, known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Extend the ``known`` voxels of a map beyond them, shapes (z, y, x).

    Within `NEAR` voxels these are the values of the nearest known one, as in `nearest_known`;
    farther away the mean of the nearest block of `BLOCK`³ voxels, in a tenth of the memory.
    """
    beat()
    box = bounding_box(known)
    inner, there = values[box], known[box]
    far = _block_values(inner, there)
    beat()
    z, y, x = (np.arange(n) // BLOCK for n in inner.shape)
    close, filled = near(there, NEAR, inner)
    assert filled is not None

    def fill(plane: int) -> None:
        blocks = far[z[plane]].take(y, axis=0).take(x, axis=1)
        np.copyto(filled[plane], blocks, where=~close[plane])

    threads.run_each(fill, range(len(inner)))
    return _beyond(filled, box, values.shape)


def _nearest(known: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the indices (z, y, x) of the nearest known voxel of every one."""
    return ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)


def _block_values(values: NDArray, known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the mean of the known voxels of every block, or of the nearest block with some."""
    padding = [(0, -n % BLOCK) for n in values.shape]
    count = block_means(np.pad(known, padding), BLOCK)
    total = block_means(np.pad(np.where(known, values, 0), padding), BLOCK)
    means = total / np.where(count > 0, count, 1)
    return means[tuple(_nearest(count > 0))]


def _beyond(filled: NDArray, box: tuple[slice, ...], shape: tuple[int, ...]) -> NDArray:
    """Extend a box to a whole map by the values at its faces."""
    whole = np.empty(shape, dtype=filled.dtype)
    of_z, of_y, of_x = box

    def extend(z: int) -> None:
        plane = whole[z]
        plane[of_y, of_x] = filled[min(max(z, of_z.start), of_z.stop - 1) - of_z.start]
        plane[of_y, : of_x.start] = plane[of_y, of_x.start, None]
        plane[of_y, of_x.stop :] = plane[of_y, of_x.stop - 1, None]
        plane[: of_y.start] = plane[of_y.start]
        plane[of_y.stop :] = plane[of_y.stop - 1]

    threads.run_each(extend, range(shape[0]))
    return whole


def block_means(values: NDArray, factors: int | Sequence[int]) -> NDArray[np.float32]:
    """Average blocks of ``factors`` voxels along the axes; incomplete blocks are left out.

    Summing planes, axis by axis, takes a fifth of the time of a mean over a reshaped array.
    """
    means = values.astype(np.float32, copy=False)
    for axis, factor in enumerate(np.broadcast_to(factors, 3)):
        planes = np.moveaxis(means, axis, 0)[: means.shape[axis] // factor * factor]
        total = reduce(np.add, (planes[k::factor] for k in range(factor)))
        means = np.moveaxis(total / np.float32(factor), 0, axis)
    return means


def _refined(coarse: NDArray, stride: int, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Interpolate linearly from every ``stride``-th voxel to all of a grid of the given shape."""
    for axis, length in enumerate(shape):
        below, rest = np.divmod(np.arange(length), stride)
        above = np.minimum(below + 1, coarse.shape[axis] - 1)
        part = (rest / np.float32(stride)).astype(np.float32)
        part = along(part, axis)
        coarse = (1 - part) * coarse.take(below, axis) + part * coarse.take(above, axis)
    return coarse
