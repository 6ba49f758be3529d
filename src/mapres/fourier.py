"""Fourier tools: frequency grids, shells, filters and resampling. Arrays are (..., z, y, x)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from . import threads
from .arrays.separable import along_axes
from .progress import beat

AXES = (-3, -2, -1)
VoxelSize = float | tuple[float, float, float]


def forward(values: NDArray) -> NDArray[np.complex64]:
    """Transform real arrays, shape (..., z, y, x), over their last three axes."""
    beat()
    return scipy.fft.rfftn(values, axes=AXES, workers=threads.count())


def inverse(transform: NDArray, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the real arrays, shape (..., *shape), of a half-grid transform."""
    beat()
    return scipy.fft.irfftn(transform, shape, axes=AXES, workers=threads.count())


def per_axis(voxel_size: VoxelSize) -> tuple[float, float, float]:
    """Return the voxel size along z, y, x (array order), Å, from one number or from (x, y, z)."""
    if np.isscalar(voxel_size):
        return (float(voxel_size),) * 3  # type: ignore[arg-type]
    x, y, z = voxel_size  # type: ignore[misc]
    return float(z), float(y), float(x)


def squared_frequency(shape: tuple[int, ...], voxel_size: VoxelSize) -> NDArray[np.float32]:
    """Return |s|² in 1/Å² on the half grid of `forward`, shape (z, y, x // 2 + 1)."""
    z, y, x = per_axis(voxel_size)
    sz = scipy.fft.fftfreq(shape[0], z).astype(np.float32) ** 2
    sy = scipy.fft.fftfreq(shape[1], y).astype(np.float32) ** 2
    sx = scipy.fft.rfftfreq(shape[2], x).astype(np.float32) ** 2
    return sz[:, None, None] + sy[None, :, None] + sx[None, None, :]


def radial_frequency(shape: tuple[int, ...], voxel_size: VoxelSize) -> NDArray[np.float32]:
    """Return |s| in 1/Å on the half grid of `forward`, shape (z, y, x // 2 + 1)."""
    return np.sqrt(squared_frequency(shape, voxel_size))


class Shells:
    """Shells of spatial frequency on one grid, for all rotational averages.

    Shell n holds the frequencies that round to n / (longest edge of the box).

    Attributes
    ----------
    width : of a shell, 1/Å
    index : shell of every coefficient of the half grid, shape (z, y, x // 2 + 1)
    count : coefficients in every shell, over the full grid
    frequency : 1/Å of every shell, zero frequency first
    nyquist : the last complete shell, at two voxels
    """

    def __init__(self, shape: tuple[int, ...], voxel_size: VoxelSize):
        sizes = per_axis(voxel_size)
        self.width = 1.0 / max(n * size for n, size in zip(shape, sizes, strict=True))
        frequency = radial_frequency(shape, voxel_size)
        self.index = np.rint(frequency / self.width).astype(np.intp)
        # 1e-6: 0.5/1.2 over 1/(96 · 1.2) is 47.99999 in float.
        self.nyquist = int(0.5 / max(sizes) / self.width + 1e-6)
        self._length = shape[-1]
        self.count = self.sums(np.ones(self.index.shape, dtype=np.float32))
        self.frequency = np.arange(len(self.count)) * self.width

    def sums(self, weights: NDArray) -> NDArray[np.float64]:
        """Sum real weights on the half grid over shells, each with its Friedel mate."""
        (total,) = self.sums_of(lambda part: (part,), (weights,))
        return total

    def sums_of(
        self, weights: Callable[..., tuple[NDArray, ...]], arrays: Sequence[NDArray]
    ) -> NDArray[np.float64]:
        """Sum likewise one or more real weights that are made of arrays on the half grid.

        Parameters
        ----------
        weights : takes some planes of the arrays, and returns the weights there
        arrays : of the same shape, (z, y, x // 2 + 1)

        Returns
        -------
        float64 array, shape (weights, shells)
        """
        twice = np.full(arrays[0].shape[-1], 2.0)
        twice[0] = 1.0
        # In an even box the last column is its own Friedel mate.
        if self._length % 2 == 0:
            twice[-1] = 1.0
        shells = int(self.index.max()) + 1

        def part(planes: range) -> NDArray[np.float64]:
            some = slice(planes.start, planes.stop)
            index = self.index[some].ravel()
            made = weights(*(array[some] for array in arrays))
            return np.stack(
                [np.bincount(index, (each * twice).ravel(), minlength=shells) for each in made]
            )

        parts = threads.parts_of(len(self.index), self.index[0].size)
        return np.sum(threads.run_each(part, parts), axis=0)

    def means(self, weights: NDArray) -> NDArray[np.float64]:
        """Return the mean of real weights on the half grid in every shell."""
        return self.sums(weights) / np.maximum(self.count, 1)

    def power(self, values: NDArray) -> NDArray[np.float64]:
        """Return the mean power of a map, shape (z, y, x), in every shell."""
        return self.means(power_of(forward(values)))


def power_of(transform: NDArray) -> NDArray:
    """Return |F|² of a transform."""
    return np.square(transform.real) + np.square(transform.imag)


def taper(length: int, width: float) -> NDArray[np.float32]:
    """Return weights along an axis with cosine edges of ``width`` voxels at both ends.

    A width of half the length gives a Hann window.
    """
    distance = np.minimum(np.arange(length), np.arange(length)[::-1]) + 0.5
    return (0.5 - 0.5 * np.cos(np.pi * np.clip(distance / width, 0, 1))).astype(np.float32)


def along(weights: NDArray, axis: int, dimensions: int = 3) -> NDArray:
    """Lay weights along an axis, so that they multiply an array of that many dimensions."""
    return weights.reshape([-1 if a == axis else 1 for a in range(dimensions)])


def taper_of_box(shape: tuple[int, ...], widths: Sequence[float]) -> NDArray[np.float32]:
    """Return the product of `taper` along z, y and x for a box."""
    z, y, x = (taper(n, width) for n, width in zip(shape, widths, strict=True))
    return z[:, None, None] * y[:, None] * x


def filtered(
    values: NDArray, voxel_size: VoxelSize, gain: Callable[[NDArray], NDArray]
) -> NDArray[np.float32]:
    """Multiply the transform of a map, shape (z, y, x), by ``gain(|s|²)``, |s|² in 1/Å²."""
    shape = values.shape
    return inverse(forward(values) * gain(squared_frequency(shape, voxel_size)), shape)


def gaussian_low_pass(values: NDArray, voxel_size: VoxelSize, resolution: float) -> NDArray:
    """Smooth a map with the Gaussian whose transform is 1/e at 1/``resolution`` (Å).

    The box is periodic, as for a filter in Fourier space, but no transform of the map is needed.
    """
    z, y, x = (
        _periodic_filter(n, lambda s: np.exp(-((resolution * s) ** 2)), size)
        for n, size in zip(values.shape, per_axis(voxel_size), strict=True)
    )
    return along_axes([values], (z, y, x))[0]


def _periodic_filter(
    length: int, gain: Callable[[NDArray], NDArray], spacing: float
) -> NDArray[np.float32]:
    """Return the matrix of a filter along a periodic axis, given its gain at frequencies (1/Å)."""
    kernel = scipy.fft.irfft(gain(scipy.fft.rfftfreq(length, spacing)), length)
    # What is left out is below the rounding of float32.
    kernel[np.abs(kernel) < 1e-8 * kernel[0]] = 0
    places = np.arange(length)
    return kernel[places[:, None] - places].astype(np.float32)


def resize(values: NDArray, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Fourier-crop or -pad real arrays, shape (..., z, y, x), to another number of voxels.

    The box keeps its edges in Å, so the voxel size changes by the ratio of the shapes. Values are
    those of the band-limited function at the new points (their scale is kept).
    """
    scale = np.float32(np.prod(shape) / np.prod(values.shape[-3:]))
    return inverse(resize_transform(forward(values), values.shape[-3:], shape) * scale, shape)


def resize_transform(
    coefficients: NDArray, old: tuple[int, ...], shape: tuple[int, ...]
) -> NDArray[np.complex64]:
    """Crop or pad half-grid transforms of real arrays of shape ``old`` to those of ``shape``."""
    if tuple(old) == tuple(shape):
        return coefficients
    full = (*coefficients.shape[:-3], *shape[:2], shape[2] // 2 + 1)
    out = np.zeros(full, dtype=coefficients.dtype)
    x = shared_half(old[2], shape[2])
    # Corner by corner: one axis at a time would take twice the memory.
    for z, y in product(*(shared(n, m) for n, m in zip(old[:2], shape[:2], strict=True))):
        out[..., z, y, x] = coefficients[..., z, y, x]
    return out


def shared(n: int, m: int) -> list[slice]:
    """Return the slices of Fourier coefficients that two lengths of an axis share."""
    if n == m:
        return [slice(None)]
    keep = min(n, m)
    # An even length's Nyquist plane has no mate in the other grid: it is dropped.
    positive, negative = (keep + 1) // 2, (keep - 1) // 2
    return [slice(positive), *([slice(-negative, None)] if negative else [])]


def shared_half(n: int, m: int) -> slice:
    """Return the same for the last axis of the half grid."""
    return slice(n // 2 + 1 if n == m else (min(n, m) + 1) // 2)
