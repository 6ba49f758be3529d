"""Fourier tools: frequency grids, shells, filters and resampling. Arrays are (..., z, y, x)."""

from __future__ import annotations

import os
from collections.abc import Callable
from itertools import product

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from .progress import beat

WORKERS = min(4, os.cpu_count() or 1)
AXES = (-3, -2, -1)
VoxelSize = float | tuple[float, float, float]


def forward(values: NDArray) -> NDArray[np.complex64]:
    """Transform real arrays, shape (..., z, y, x), over their last three axes."""
    beat()
    return scipy.fft.rfftn(values, axes=AXES, workers=WORKERS)


def inverse(transform: NDArray, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return the real arrays, shape (..., *shape), of a half-grid transform."""
    beat()
    return scipy.fft.irfftn(transform, shape, axes=AXES, workers=WORKERS)


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


def shell_index(frequency: NDArray, width: float) -> NDArray[np.intp]:
    """Return shell numbers for a width in 1/Å: shell n is centered on n · width."""
    return np.rint(frequency / width).astype(np.intp)


def shell_width(shape: tuple[int, ...], voxel_size: VoxelSize) -> float:
    """Return the usual shell width: one over the longest edge of the box, 1/Å."""
    return 1.0 / max(n * size for n, size in zip(shape, per_axis(voxel_size), strict=True))


def shell_sums(weights: NDArray, shells: NDArray[np.intp], nx: int) -> NDArray[np.float64]:
    """Sum ``weights`` (half grid) over shells, each coefficient counted with its Friedel mate.

    Parameters
    ----------
    weights : real array on the half grid
    shells : shell of each coefficient, same shape
    nx : length of the real box along x, which tells whether the last column is its own mate
    """
    twice = np.full(weights.shape[-1], 2.0)
    twice[0] = 1.0
    if nx % 2 == 0:
        twice[-1] = 1.0
    return np.bincount(shells.ravel(), weights=(weights * twice).ravel()).astype(np.float64)


def filtered(
    values: NDArray, voxel_size: VoxelSize, gain: Callable[[NDArray], NDArray]
) -> NDArray[np.float32]:
    """Multiply the transform of a map, shape (z, y, x), by ``gain(|s|²)``, |s|² in 1/Å²."""
    shape = values.shape
    return inverse(forward(values) * gain(squared_frequency(shape, voxel_size)), shape)


def gaussian_low_pass(values: NDArray, voxel_size: VoxelSize, resolution: float) -> NDArray:
    """Smooth a map with the Gaussian whose transform is 1/e at 1/``resolution`` (Å)."""
    return filtered(values, voxel_size, lambda s2: np.exp(-(resolution**2) * s2))


def resize(values: NDArray, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Fourier-crop or -pad real arrays, shape (..., z, y, x), onto another number of voxels.

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
    # Corner by corner: an array for each axis in turn would take twice the memory.
    for z, y in product(*(shared(n, m) for n, m in zip(old[:2], shape[:2], strict=True))):
        out[..., z, y, x] = coefficients[..., z, y, x]
    return out


def shared(n: int, m: int) -> list[slice]:
    """Return where along an axis the coefficients of two lengths are the same ones."""
    if n == m:
        return [slice(None)]
    keep = min(n, m)
    # An even length's Nyquist plane has no mate in the other grid: it is dropped.
    positive, negative = (keep + 1) // 2, (keep - 1) // 2
    return [slice(positive), *([slice(-negative, None)] if negative else [])]


def shared_half(n: int, m: int) -> slice:
    """Return the same of the last axis, of which only half is there."""
    return slice(n // 2 + 1 if n == m else (min(n, m) + 1) // 2)
