"""Interpolation between sampled voxels, nearest known values, and block means."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .. import threads
from ..fourier import along
from ..progress import beat
from .nearby import bounding_box, near_planes

# Voxels within which values are extended exactly: surfaces lie at the edge of the mask.
NEAR = 3
# Voxels, edge of a block; and planes filled at a time.
BLOCK, SLAB = 4, 32


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
    filled = np.empty_like(values)
    filled[box] = values[box][tuple(_nearest(known[box]))]
    _beyond(filled, box)
    return filled


def extend(values: NDArray[np.float32], known: NDArray[np.bool_]) -> None:
    """Extend the ``known`` voxels of a map beyond them, in place.

    Within `NEAR` voxels these are the values of the nearest known one, as in `nearest_known`;
    farther away the mean of the nearest block of `BLOCK`³ voxels, which takes little memory.

    Parameters
    ----------
    values : array, shape (z, y, x), 0 where unknown
    known : bool array, shape (z, y, x)
    """
    beat()
    box = bounding_box(known)
    inner, there = values[box], known[box]
    count, total = (_block_sums(each) for each in (there, inner))
    blocks = (total / np.maximum(count, 1))[tuple(_nearest(count > 0))]
    z, y, x = (np.arange(n) // BLOCK for n in inner.shape)

    def fill(planes: range) -> None:
        # Others may write what is unknown here meanwhile, but nothing of that is carried.
        near, nearest = near_planes(there, NEAR, planes, inner)
        assert nearest is not None
        part = slice(planes.start, planes.stop)
        far = blocks[z[part]].take(y, axis=1).take(x, axis=2)
        np.copyto(far, nearest, where=near)
        np.copyto(inner[part], far, where=~there[part])

    threads.run_each(fill, threads.slabs(len(inner), SLAB))
    _beyond(values, box)


def _block_sums(values: NDArray) -> NDArray[np.float32]:
    """Return sums over blocks of `BLOCK`³ voxels; those at the ends may be smaller."""

    def sums(planes: range) -> NDArray[np.float32]:
        part = values[planes.start : planes.stop]
        for axis, n in enumerate(part.shape):
            part = np.add.reduceat(part, range(0, n, BLOCK), axis=axis, dtype=np.float32)
        return part

    return np.concatenate(threads.run_each(sums, threads.slabs(len(values), 8 * BLOCK)))


def _nearest(known: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return the indices (z, y, x) of the nearest known voxel of every one."""
    return ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)


def _beyond(values: NDArray, box: tuple[slice, ...]) -> None:
    """Extend a box of an array to all of it by the values at its faces, in place."""
    of_z, of_y, of_x = box
    first, last = of_z.start, of_z.stop - 1

    def extend_plane(z: int) -> None:
        plane = values[z]
        plane[of_y, : of_x.start] = plane[of_y, of_x.start, None]
        plane[of_y, of_x.stop :] = plane[of_y, of_x.stop - 1, None]
        plane[: of_y.start] = plane[of_y.start]
        plane[of_y.stop :] = plane[of_y.stop - 1]

    threads.run_each(extend_plane, range(first, last + 1))
    values[:first], values[last + 1 :] = values[first], values[last]


def block_means(values: NDArray, factors: int | Sequence[int]) -> NDArray[np.float32]:
    """Average blocks of ``factors`` voxels along the axes; incomplete blocks are left out.

    Summing planes, axis by axis, takes a fifth of the time of a mean over a reshaped array.
    """
    means = values
    for axis, factor in enumerate(np.broadcast_to(factors, 3)):
        planes = np.moveaxis(means, axis, 0)[: means.shape[axis] // factor * factor]
        total = planes[::factor].astype(np.float32)
        for k in range(1, factor):
            total += planes[k::factor]
        total /= np.float32(factor)
        means = np.moveaxis(total, 0, axis)
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
