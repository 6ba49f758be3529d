"""One band of frequency of a map, and how strong it is from place to place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy import ndimage

from .density import Density
from .fourier import inverse, resize_transform, squared_frequency
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
# Voxels that are raised to a power at a time.
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
        z, y, x = np.divide(lengths, self.shape)
        steps = squared_frequency(self.shape, (x, y, z)) * np.float32(wavelength**2)
        np.log(np.maximum(steps, 1e-12), out=steps)
        steps *= 0.5 / np.log(STEP)
        np.clip(steps, -2, 2, out=steps)
        self.gain = np.cos(0.25 * np.pi * steps, out=steps)

    def wave(self, transform: NDArray) -> NDArray[np.float32]:
        """Return the band of a map whose transform is given, at the middles of this grid."""
        # In place, if it is not the transform itself: each of these may be as large as the map.
        resized = resize_transform(transform, self.box, self.shape)
        out = None if np.may_share_memory(resized, transform) else resized
        band = np.multiply(resized, self.gain, out=out)
        for axis, (n, m) in enumerate(zip(self.shape, self.box, strict=True)):
            # Middles of voxels of this grid, in its own voxels from the map's first.
            offset = 0.5 - 0.5 * n / m
            frequency = scipy.fft.rfftfreq(n) if axis == 2 else scipy.fft.fftfreq(n)
            phase = np.exp(2j * np.pi * offset * frequency).astype(np.complex64)
            band *= phase.reshape([-1 if a == axis else 1 for a in range(3)])
        wave = inverse(band, self.shape)
        wave *= np.float32(np.prod(self.shape) / np.prod(self.box))
        return wave

    def about(self, wave: NDArray, power: int) -> NDArray[np.float32]:
        """Average a power of the values over a Gaussian of a wavelength about every cell."""
        # In slabs: a power of the whole would be as large as the map.
        thickness = self.factor * max(1, SLAB // (self.factor * wave[0].size))
        slabs = (wave[z : z + thickness] for z in range(0, len(wave), thickness))
        raised = (reduce(np.multiply, [slab] * power) for slab in slabs)
        cells = np.concatenate([block_means(part, self.factor) for part in raised])
        return ndimage.gaussian_filter(cells, self._rest, mode="nearest", truncate=3)

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
