"""Fourier transforms of a map of which only the coefficients below one frequency are needed.

The axes are transformed one after the other, and each only for the columns that are kept: with a
limit of 0.1 cycles per voxel these are a fifth along y and a 25th along z. The two axes of a
section are transformed together, while it is in the cache of a core; of small maps several
sections, as threads would wait for each other.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from ... import threads


class Band:
    """The coefficients of a map with frequencies below ``limit`` along each axis.

    Transforms may use the memory of the complex arrays given to them.

    Parameters
    ----------
    shape : of the map, (z, y, x)
    limit : cycles per voxel; above 0.5 for all
    """

    def __init__(self, shape: tuple[int, int, int], limit: float):
        self.shape = shape
        self.z, self.y = (np.flatnonzero(np.abs(scipy.fft.fftfreq(n)) < limit) for n in shape[:2])
        self.x = slice(int(np.count_nonzero(scipy.fft.rfftfreq(shape[2]) < limit)))

    def of(self, array: NDArray) -> NDArray:
        """Return the part of a half grid, shape (z, y, x // 2 + 1), that is in the band.

        Axes of length 1 stay as they are.
        """
        z, y, x = (n > 1 for n in array.shape)
        array = array[:, :, self.x] if x else array
        if z and y:
            return array[np.ix_(self.z, self.y)]
        array = array[self.z] if z else array
        return array[:, self.y] if y else array

    def to_columns(self, coefficients: NDArray) -> NDArray[np.complex64]:
        """Transform (..., kept z, kept y, kept x) back along z: to (..., z, kept y, kept x)."""
        columns = _spread(coefficients, self.z, self.shape[0], axis=-3)
        return scipy.fft.ifft(columns, axis=-3, overwrite_x=True, workers=threads.count())

    def from_columns(self, columns: NDArray) -> NDArray[np.complex64]:
        """Transform (z, kept y, kept x) along z: to (kept z, kept y, kept x)."""
        columns = scipy.fft.fft(columns, axis=0, overwrite_x=True, workers=threads.count())
        return columns if self.z.size == self.shape[0] else columns[self.z]

    def to_sections(self, columns: NDArray) -> NDArray[np.float32]:
        """Transform (..., kept y, kept x) back along y and x: to real sections (..., y, x)."""
        _, y, x = self.shape
        rows = _spread(columns, self.y, y, axis=-2)
        return scipy.fft.irfft(scipy.fft.ifft(rows, axis=-2, overwrite_x=True), x, axis=-1)

    def from_sections(self, sections: NDArray) -> NDArray[np.complex64]:
        """Transform real sections (..., y, x) along x and y: to (..., kept y, kept x)."""
        rows = scipy.fft.rfft(sections, axis=-1)[..., self.x]
        return scipy.fft.fft(rows, axis=-2, overwrite_x=True)[..., self.y, :]


def _spread(kept: NDArray, places: NDArray, length: int, axis: int) -> NDArray[np.complex64]:
    """Put what is kept of an axis in its places; if that is all of it, return the same array."""
    if places.size == length:
        return kept
    shape = list(kept.shape)
    shape[axis] = length
    spread = np.zeros(shape, dtype=np.complex64)
    spread[(..., places, *(slice(None),) * (-axis - 1))] = kept
    return spread


def in_sections(function: Callable[[slice], None], shape: tuple[int, ...]) -> None:
    """Call a function for a few sections of a map of a shape at a time, on several threads."""
    thickness = max(1, threads.LEAST // (shape[1] * shape[2]))
    slabs = threads.slabs(shape[0], thickness)
    threads.run_each(lambda planes: function(slice(planes.start, planes.stop)), slabs)
