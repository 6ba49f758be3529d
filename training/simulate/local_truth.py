"""The local resolution of a signal in noise: how far it is resolved at every place, measured.

At a place it is the finest wavelength, coming from coarse ones, down to which the power of the
noise-free signal is at least 1/6 of that of a half map's noise (FSC 0.143), in a Gaussian window of
one wavelength within the molecule. Local resolution varies no faster than that can tell: what an
atom's B factor is says nothing about how far a map is resolved there.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mapres.fourier import (
    Shells,
    along,
    forward,
    inverse,
    radial_frequency,
    resize_transform,
)
from training.simulate.bank import CROSSING_SNR
from training.simulate.masks import gaussian_smoothed

# Bands are 12% apart and twice as wide on both sides, triangular in ln frequency.
STEP = np.log(1.12)
WIDTH = 2 * STEP
# Å: standard deviation of the widest window, unless the map is coarser still.
WIDEST = 14.0
# Wavelengths start at so many times the map's resolution, or at 24 Å.
FROM, AT_LEAST = 3.0, 24.0
# Grids: points per wavelength of a band, whose square holds differences of its frequencies, and per
# resolution of the map of the result.
PER_WAVELENGTH, PER_RESOLUTION = 3.0, 4.0
# Where less of a window than this is inside, its power is not scaled up any further.
LEAST_INSIDE = 0.05


def local_truth(
    signal: NDArray[np.float32],
    noise: NDArray,
    inside: NDArray[np.bool_],
    voxel_size: float,
    resolution: float,
) -> NDArray[np.float32]:
    """Measure the local resolution of a signal.

    Parameters
    ----------
    signal : array, shape (z, y, x), without noise
    noise : power of a half map's noise in the shells of `mapres.fourier.Shells`, as `Shells.power`
        gives it
    inside : bool array, shape (z, y, x), the molecule and a little around it
    voxel_size : Å
    resolution : Å, of the map as a whole

    Returns
    -------
    float32 array, shape (z, y, x), Å, from two voxels to the coarsest wavelength
    """
    shape = signal.shape
    grid = _grid(shape, voxel_size, resolution / PER_RESOLUTION)
    wavelengths = _wavelengths(voxel_size, resolution)
    bands = _log_ratios(signal, noise, inside, voxel_size, max(WIDEST, resolution), wavelengths)
    truth = np.full(grid, np.log(wavelengths[0]), dtype=np.float32)
    unresolved = np.ones(grid, dtype=bool)
    before, finer = None, wavelengths[0]
    for wavelength, found in bands:
        ratio, coarser, finer = _resampled(found, grid), finer, wavelength
        if before is not None:
            falls = unresolved & (before >= 0) & (ratio < 0)
            part = before[falls] / (before[falls] - ratio[falls])
            truth[falls] = np.log(finer) + np.log(coarser / finer) * (1 - part)
            unresolved &= ~falls
        before = ratio
        if not unresolved.any():
            break
    truth[unresolved & (before >= 0)] = np.log(finer)
    return np.exp(_resampled(truth, shape))


def _wavelengths(voxel_size: float, resolution: float) -> NDArray[np.float64]:
    """Return wavelengths from coarse to two voxels, Å."""
    finest, coarsest = 2 * voxel_size, max(AT_LEAST, FROM * resolution)
    return finest * np.exp(STEP * np.arange(int(np.log(coarsest / finest) / STEP), -1, -1))


def _log_ratios(
    signal: NDArray,
    noise: NDArray,
    inside: NDArray[np.bool_],
    voxel_size: float,
    widest: float,
    wavelengths: NDArray,
) -> Iterator[tuple[float, NDArray[np.float32]]]:
    """Yield wavelength and ln(6 · local signal power / noise power) of bands, each on its own grid.

    In a small box some of the coarsest lie between two shells, and are left out.
    """
    shape, shells = signal.shape, Shells(signal.shape, voxel_size)
    transform, frequency = forward(signal), radial_frequency(signal.shape, voxel_size)
    for wavelength in wavelengths:
        band_noise = np.sum(shells.count * noise * _gain(shells.frequency, wavelength) ** 2)
        if band_noise == 0:
            continue
        grid = _grid(shape, voxel_size, wavelength / PER_WAVELENGTH)
        spacing, scale = voxel_size * shape[0] / grid[0], np.prod(grid) / np.prod(shape)
        gain = _gain(resize_transform(frequency, shape, grid), wavelength)
        band = inverse(resize_transform(transform, shape, grid) * gain * np.float32(scale), grid)
        sigma = min(wavelength, widest) / spacing
        within = _resampled(inside.astype(np.float32), grid)
        power = gaussian_smoothed(band**2 * within, sigma)
        power /= np.maximum(gaussian_smoothed(within, sigma), LEAST_INSIDE)
        ratio = power / (band_noise / np.prod(shape, dtype=float) ** 2 * CROSSING_SNR)
        yield wavelength, np.log(np.maximum(ratio, 1e-6)).astype(np.float32)


def _gain(frequency: NDArray, wavelength: float) -> NDArray[np.float32]:
    off = np.log(np.maximum(frequency, 1e-6) * wavelength)
    return np.clip(1 - np.abs(off) / WIDTH, 0, 1).astype(np.float32)


def _grid(shape: tuple[int, ...], voxel_size: float, spacing: float) -> tuple[int, ...]:
    """Return the even grid of the same box with points at most ``spacing`` Å apart, or its own."""
    return tuple(min(n, 2 * int(np.ceil(0.5 * n * voxel_size / spacing))) for n in shape)


def _resampled(values: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Interpolate linearly onto another grid of the same periodic box."""
    for axis, count in enumerate(shape):
        length = values.shape[axis]
        if length == count:
            continue
        place = np.arange(count) * (length / count)
        below = np.floor(place).astype(int)
        part = along((place - below).astype(np.float32), axis)
        first, second = (np.take(values, each % length, axis) for each in (below, below + 1))
        values = first + part * (second - first)
    return values
