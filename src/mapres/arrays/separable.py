"""Filters, averages and interpolation that act on each axis alone, as one matrix per axis.

The matrices are banded: a block of rows is multiplied by the columns that it reaches only. BLAS
then takes a third of the time of SciPy's filters, and rows that nobody needs are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .. import threads
from ..progress import beat

# Rows of a block: with fewer, the overlap of their columns costs more than the zeros saved.
ROWS = 32
# Planes of the result that a thread makes at a time, at least: filters reach farther than a few
# planes, and would read an array again and again.
PLANES = 8
Reached = slice | NDArray[np.intp]
Matrices = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


def gaussian_matrix(
    length: int, sigma: float, *, mode: str, truncate: float, rows: slice = slice(None)
) -> NDArray[np.float32]:
    """Return some rows of the matrix of SciPy's Gaussian filter, shape (rows, length)."""
    filtered = ndimage.gaussian_filter1d(
        np.eye(length), sigma, axis=0, mode=mode, truncate=truncate
    )
    return filtered[rows].astype(np.float32)


def gaussian_filtered(
    arrays: Sequence[NDArray], sigmas: Sequence[float], *, mode: str, truncate: float
) -> list[NDArray[np.float32]]:
    """Return SciPy's Gaussian filter of arrays of one shape; ``sigmas`` are along z, y and x."""
    z, y, x = (
        gaussian_matrix(n, sigma, mode=mode, truncate=truncate)
        for n, sigma in zip(arrays[0].shape, sigmas, strict=True)
    )
    return along_axes(arrays, (z, y, x))


def mean_matrix(length: int, count: int) -> NDArray[np.float64]:
    """Return the matrix that averages over ``count`` equal parts of an axis; they may split voxels.

    Returns
    -------
    float array, shape (count, length)
    """
    edges = np.linspace(0, length, count + 1)
    overlap = np.minimum(edges[1:, None], np.arange(1, length + 1)) - np.maximum(
        edges[:-1, None], np.arange(length)
    )
    return np.maximum(overlap, 0) * (count / length)


def linear_matrix(count: int, length: int, rows: slice = slice(None)) -> NDArray[np.float32]:
    """Return the matrix that interpolates linearly from the centers of ``count`` parts of an axis.

    Returns
    -------
    float32 array, shape (rows, count)
        For the centers of the voxels ``rows`` of an axis of ``length`` voxels; beyond the first and
        the last part's center their values are kept.
    """
    places = (np.arange(length)[rows] + 0.5) * (count / length) - 0.5
    places = np.clip(places, 0, count - 1)[:, None]
    return np.maximum(1 - np.abs(places - np.arange(count)), 0).astype(np.float32)


def along_axes(arrays: Sequence[NDArray], matrices: Matrices) -> list[NDArray[np.float32]]:
    """Multiply the axes of arrays of one shape, (z, y, x), by one matrix each."""
    beat()
    shape = tuple(len(matrix) for matrix in matrices)
    results = [np.empty(shape, dtype=np.float32) for _ in arrays]

    def make(which: tuple[int, range]) -> None:
        number, planes = which
        rows = slice(planes.start, planes.stop)
        planes_along_axes(arrays[number], matrices, planes, results[number][rows])

    parts = threads.parts_of(shape[0], arrays[0][0].size)
    if len(parts[0]) < PLANES:
        parts = threads.slabs(shape[0], PLANES)
    threads.run_each(make, product(range(len(arrays)), parts))
    return results


def planes_along_axes(
    values: NDArray, matrices: Matrices, planes: range, out: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Return some planes of the result of `along_axes`, in the calling thread."""
    of_z, of_y, of_x = matrices
    made = times_rows(of_z[planes.start : planes.stop], values)
    along_y = np.empty((len(made), len(of_y), values.shape[2]), dtype=np.float32)
    for rows, columns in _blocks(of_y):
        np.matmul(of_y[rows, columns], made[:, columns], out=along_y[:, rows])
    if out is None:
        out = np.empty((len(made), len(of_y), len(of_x)), dtype=np.float32)
    lines, along_x = along_y.reshape(-1, values.shape[2]), out.reshape(-1, len(of_x))
    for rows, columns in _blocks(of_x):
        np.matmul(lines[:, columns], of_x[rows, columns].T, out=along_x[:, rows])
    return out


def times_rows(matrix: NDArray, values: NDArray) -> NDArray:
    """Multiply the first axis of an array by a matrix, in the matrix's precision."""
    reached = _reached(matrix)
    given = values[reached].astype(matrix.dtype, copy=False)
    made = matrix[:, reached] @ given.reshape(len(given), -1)
    return made.reshape(len(matrix), *values.shape[1:])


def _blocks(matrix: NDArray) -> list[tuple[slice, Reached]]:
    """Return blocks of rows, and the columns that each reaches."""
    rows = [slice(r.start, r.stop) for r in threads.slabs(len(matrix), ROWS)]
    return [(each, _reached(matrix[each])) for each in rows]


def _reached(matrix: NDArray) -> Reached:
    """Return the columns from the first to the last that are not zero.

    Of a periodic filter, rows at the ends reach columns at both ends: then only those are given.
    """
    columns = np.flatnonzero(matrix.any(axis=0))
    if not columns.size:
        return slice(0, 1)
    span = slice(columns[0], columns[-1] + 1)
    return span if 2 * columns.size > span.stop - span.start else columns
