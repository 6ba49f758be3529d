"""One frequency band of a map, and its local energy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy import ndimage

from .. import threads
from ..density import Density
from ..fourier import shared, shared_half
from ..interpolate import block_means
from ..progress import beat

# Å. Centers 15% apart, from 1.56 to 34 Å; a band ends two centers away on both sides.
STEP = 2.0 ** (1 / 5)
WAVELENGTHS = 1.5625 * STEP ** np.arange(23)
BANDS = len(WAVELENGTHS)
# Voxels per shortest wavelength of a band. Squares of values vary twice as fast as values, but only
# the faint ends of the band cause aliasing.
SAMPLES = 2.0
# In wavelengths: standard deviation by which the band-pass filter spreads energy.
SPILL = 0.94
# Coefficients per thread at a time.
SLAB = 1 << 18
# Bands with more voxels are made in several passes: of 512³ one would take 0.8 GB at once.
LARGE = 1 << 26
Shape = tuple[int, int, int]


class Band:
    """One frequency band of a map, on a grid with whole voxels per cell.

    Attributes
    ----------
    wavelength : Å
    sigma : the wavelength, in cells along z, y and x
    shape : of the grid
    factor : voxels per edge of a cell
    passes : number of passes in which its planes are made, to save memory
    """

    def __init__(self, density: Density, cells: Shape, wavelength: float):
        self.wavelength = wavelength
        self.box = density.values.shape
        lengths = np.multiply(self.box, density.spacing)
        self.sigma = wavelength / np.divide(lengths, cells)
        finest = max(wavelength / STEP**2, density.nyquist)
        self.factor = int(np.ceil(SAMPLES * np.divide(lengths, cells).max() / finest - 1e-6))
        self.shape = tuple(self.factor * n for n in cells)
        self._cells = cells
        self._voxel = lengths / self.shape
        self.passes = self.factor if np.prod(self.shape) > LARGE else 1

    def about(self, transform: NDArray, powers: Sequence[int]) -> NDArray[np.float32]:
        """Average powers of the values over a Gaussian of one wavelength around every cell.

        Parameters
        ----------
        transform : of the map, see `mapres.fourier.forward`
        powers : exponents, ascending

        Returns
        -------
        float32 array, shape (powers, *cells)
        """
        means = np.zeros((len(powers), *self._cells), dtype=np.float32)
        for number in range(self.passes):
            wave = self._wave(transform, number)
            beat()
            self._add_means(wave, powers, means)
            beat()
        means /= self.passes
        for each in means:
            ndimage.gaussian_filter(each, self._rest, output=each, mode="nearest", truncate=3)
        return means

    def _wave(self, transform: NDArray, number: int) -> NDArray[np.complex64]:
        """Return planes of the band, at the voxel centers of this grid along z and y.

        Along x they stay transformed, shape (planes, y, x // 2 + 1): the whole may be larger than
        the map, and is needed only slab by slab. Each of n passes makes every n-th plane; their
        transform is that of all planes, folded.
        """
        planes = self.shape[0] // self.passes
        # NumPy requests huge pages here but not in `np.zeros`, which takes twice as long overall.
        wave = np.full((planes, self.shape[1], self.shape[2] // 2 + 1), 0, dtype=np.complex64)
        z, y, x = (self._frequency(axis) for axis in range(3))
        dz, dy, dx = (self._shift(axis) for axis in range(3))
        phase = np.exp(2j * np.pi * number * np.arange(len(z)) / len(z)).astype(np.complex64)
        dz = dz * phase / np.float32(self.passes)
        dx = dx * np.float32(np.prod(self.shape) / np.prod(self.box))
        kept_y = shared(self.box[1], self.shape[1])
        kept_x = shared_half(self.box[2], self.shape[2])

        def fill(rows: range) -> None:
            for first, k, source in self._folded(rows, planes):
                row = slice(first, first + k.stop - k.start)
                for part in kept_y:
                    squares = z[k, None, None] ** 2 + y[part, None] ** 2 + x[kept_x] ** 2
                    filtered: NDArray = transform[source, part, kept_x] * self._gain(squares)
                    filtered *= dz[k, None, None] * dy[part, None]
                    filtered *= dx[kept_x]
                    wave[row, part, kept_x] += filtered

        thickness = max(1, SLAB // wave[0].size)
        threads.run_each(fill, threads.slabs(planes, thickness))
        return scipy.fft.ifftn(wave, axes=(0, 1), overwrite_x=True, workers=threads.count())

    def _folded(self, rows: range, planes: int) -> Iterator[tuple[int, slice, slice]]:
        """Yield the pieces that add up to rows of a folded transform.

        Each is its first row, its planes on this grid, and the same planes of the map's transform.
        """
        n = self.shape[0]
        for kept in shared(self.box[0], n):
            start, stop, _ = kept.indices(n)
            shift = kept.indices(self.box[0])[0] - start
            for fold in range(0, n, planes):
                first, last = max(start, rows.start + fold), min(stop, rows.stop + fold)
                if first < last:
                    yield first - fold, slice(first, last), slice(first + shift, last + shift)

    def _add_means(self, wave: NDArray, powers: Sequence[int], means: NDArray) -> None:
        """Add averages over cells of powers of the values of a wave."""
        blocks = (self.factor // self.passes, self.factor, self.factor)

        def add(cells: range) -> None:
            planes = slice(blocks[0] * cells.start, blocks[0] * cells.stop)
            values = scipy.fft.irfft(wave[planes], self.shape[2], axis=2)
            raised = values
            for total, (before, power) in zip(means, pairwise((1, *powers)), strict=True):
                for _ in range(power - before):
                    raised = raised * values
                total[cells.start : cells.stop] += block_means(raised, blocks)

        thickness = max(1, SLAB // (blocks[0] * wave[0].size))
        threads.run_each(add, threads.slabs(means.shape[1], thickness))

    def _frequency(self, axis: int) -> NDArray[np.float32]:
        """Return the frequencies along an axis, in units of 1 / wavelength."""
        frequency = scipy.fft.rfftfreq if axis == 2 else scipy.fft.fftfreq
        steps = frequency(self.shape[axis], self._voxel[axis] / self.wavelength)
        return steps.astype(np.float32)

    def _shift(self, axis: int) -> NDArray[np.complex64]:
        """Return the phase factors that shift a wave along an axis to this grid's voxel centers."""
        n, m = self.shape[axis], self.box[axis]
        # In voxels of this grid, from the map's first voxel.
        offset = 0.5 - 0.5 * n / m
        frequency = scipy.fft.rfftfreq(n) if axis == 2 else scipy.fft.fftfreq(n)
        return np.exp(2j * np.pi * offset * frequency).astype(np.complex64)

    @staticmethod
    def _gain(squares: NDArray[np.float32]) -> NDArray[np.float32]:
        """Overwrite squared frequencies, in units of 1 / wavelength², with the gain."""
        np.log(np.maximum(squares, 1e-12), out=squares)
        squares *= 0.5 / np.log(STEP)
        np.clip(squares, -2, 2, out=squares)
        squares *= 0.25 * np.pi
        return np.cos(squares, out=squares)

    def exposure(self, windows: Sequence[NDArray]) -> NDArray[np.float32]:
        """Return the fraction of noise energy that apodization leaves around every cell.

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
        """Standard deviations in cells, less the variance of the cell itself, 1/12."""
        return np.sqrt(np.maximum(self.sigma**2 - 1 / 12, 0.01))
