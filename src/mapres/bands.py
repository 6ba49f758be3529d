"""One band of frequency of a map, and how strong it is from place to place."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy import ndimage

from . import fourier
from .density import Density
from .fourier import resize_transform
from .shapes import block_means

# Å. Centres 15 % apart, from 1.56 to 34 Å; a band ends two centres away on both sides.
STEP = 2.0 ** (1 / 5)
WAVELENGTHS = 1.5625 * STEP ** np.arange(23)
BANDS = len(WAVELENGTHS)
# Voxels per shortest wavelength of a band. Squares of values vary twice as fast as values, but what
# of them that folds back is made by the ends of the band, which are faint.
SAMPLES = 2.0
# In wavelengths: standard deviation of where the energy that a band takes from a place appears.
SPILL = 0.94
# Coefficients that a thread has to do with at a time.
SLAB = 1 << 18
Shape = tuple[int, int, int]


class Band:
    """One band of frequency of a map, on a grid that divides every cell alike."""

    def __init__(self, density: Density, cells: Shape, wavelength: float):
        self.wavelength = wavelength
        self.box = density.values.shape
        lengths = np.multiply(self.box, density.spacing)
        self.sigma = wavelength / np.divide(lengths, cells)
        finest = max(wavelength / STEP**2, density.nyquist)
        self.factor = int(np.ceil(SAMPLES * np.divide(lengths, cells).max() / finest - 1e-6))
        self.shape = tuple(self.factor * n for n in cells)
        self._voxel = lengths / self.shape

    def wave(self, transform: NDArray) -> NDArray[np.complex64]:
        """Return the band of a map whose transform is given, at the middles of this grid.

        Along x it stays transformed, shape (z, y, x // 2 + 1): the whole may be larger than the
        map, and is only ever needed slab by slab.
        """
        wave = resize_transform(transform, self.box, self.shape)
        if np.may_share_memory(wave, transform):
            wave = wave.copy()
        scale = np.float32(np.prod(self.shape) / np.prod(self.box))
        z, y, x = (self._frequency(axis) for axis in range(3))
        dz, dy, dx = (self._shift(axis) for axis in range(3))

        def weigh(part: slice) -> None:
            squares = z[part, None, None] ** 2 + y[:, None] ** 2 + x**2
            wave[part] *= self._gain(squares)
            wave[part] *= dz[part, None, None] * dy[:, None]
            wave[part] *= dx * scale

        thickness = max(1, SLAB // wave[0].size)
        with ThreadPoolExecutor(fourier.WORKERS) as threads:
            list(threads.map(weigh, _slabs(len(wave), thickness)))
        return scipy.fft.ifftn(wave, axes=(0, 1), overwrite_x=True, workers=fourier.WORKERS)

    def about(self, wave: NDArray, powers: Sequence[int]) -> list[NDArray[np.float32]]:
        """Average rising powers of the values over a Gaussian of a wavelength about every cell."""
        thickness = self.factor * max(1, SLAB // (self.factor * wave[0].size))

        def means(part: slice) -> list[NDArray]:
            values = scipy.fft.irfft(wave[part], self.shape[2], axis=2)
            raised, found = values, []
            for before, power in pairwise((1, *powers)):
                for _ in range(power - before):
                    raised = raised * values
                found.append(block_means(raised, self.factor))
            return found

        with ThreadPoolExecutor(fourier.WORKERS) as threads:
            slabs = list(threads.map(means, _slabs(len(wave), thickness)))
        return [
            ndimage.gaussian_filter(np.concatenate(cells), self._rest, mode="nearest", truncate=3)
            for cells in zip(*slabs, strict=True)
        ]

    def _frequency(self, axis: int) -> NDArray[np.float32]:
        """Return the frequencies along an axis, in those of the band's wavelength."""
        frequency = scipy.fft.rfftfreq if axis == 2 else scipy.fft.fftfreq
        steps = frequency(self.shape[axis], self._voxel[axis] / self.wavelength)
        return steps.astype(np.float32)

    def _shift(self, axis: int) -> NDArray[np.complex64]:
        """Return what moves a wave along an axis to the middles of voxels of this grid."""
        n, m = self.shape[axis], self.box[axis]
        # In its own voxels, from the map's first.
        offset = 0.5 - 0.5 * n / m
        frequency = scipy.fft.rfftfreq(n) if axis == 2 else scipy.fft.fftfreq(n)
        return np.exp(2j * np.pi * offset * frequency).astype(np.complex64)

    @staticmethod
    def _gain(squares: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the gain, in place of squared frequencies in those of the band."""
        np.log(np.maximum(squares, 1e-12), out=squares)
        squares *= 0.5 / np.log(STEP)
        np.clip(squares, -2, 2, out=squares)
        squares *= 0.25 * np.pi
        return np.cos(squares, out=squares)

    def exposure(self, windows: Sequence[NDArray]) -> NDArray[np.float32]:
        """Return the share of its energy that noise keeps about every cell of a map with a taper.

        Parameters
        ----------
        windows : for z, y and x, the square of the taper, averaged over cells
        """
        spilled = [
            ndimage.gaussian_filter1d(window, SPILL * sigma, mode="wrap")
            for window, sigma in zip(windows, self.sigma, strict=True)
        ]
        z, y, x = (
            ndimage.gaussian_filter1d(window, rest, mode="nearest", truncate=3)
            for window, rest in zip(spilled, self._rest, strict=True)
        )
        return (z[:, None, None] * y[:, None] * x).astype(np.float32)

    @property
    def _rest(self) -> NDArray[np.float64]:
        """Standard deviations in cells; a cell's own width counts: its variance is 1/12."""
        return np.sqrt(np.maximum(self.sigma**2 - 1 / 12, 0.01))


def _slabs(length: int, thickness: int) -> list[slice]:
    return [slice(start, start + thickness) for start in range(0, length, thickness)]
