"""One frequency band of a map, and its local energy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy import ndimage

from .. import threads
from ..arrays.interpolate import block_means
from ..arrays.separable import gaussian_filtered
from ..density import Density
from ..fourier import shared, shared_half
from ..progress import beat
from .apodized import Transform

# Å. Centers 15% apart, from 1.56 to 34 Å; a band ends two centers away on both sides.
STEP = 2.0 ** (1 / 5)
WAVELENGTHS = 1.5625 * STEP ** np.arange(23)
BANDS = len(WAVELENGTHS)
# Voxels per shortest wavelength of a band. Squares of values vary twice as fast as values, but only
# the faint ends of the band cause aliasing.
SAMPLES = 2.0
# In wavelengths: standard deviation by which the band-pass filter spreads energy.
SPILL = 0.94
# Squared frequency at which a band ends, in units of 1 / wavelength².
OUTER = STEP**4
# Coefficients per thread at a time.
SLAB = 1 << 18
# Bands with more voxels are made in several passes: of 512³ one would take 0.8 GB at once.
LARGE = 1 << 25
Shape = tuple[int, int, int]


class Band:
    """One frequency band of a map, on a grid with whole voxels per cell.

    Attributes
    ----------
    wavelength : Å
    box, lengths : edges of the map, voxels and Å
    sigma : the wavelength, in cells along z, y and x
    shape : of the grid
    factor : voxels per edge of a cell
    passes : number of passes in which its planes are made; with more than one, to save memory, each
        makes one plane of every cell
    """

    def __init__(self, density: Density, cells: Shape, wavelength: float):
        self.wavelength = wavelength
        self.box = density.values.shape
        self.lengths = lengths = np.multiply(self.box, density.spacing)
        self.sigma = wavelength / np.divide(lengths, cells)
        finest = max(wavelength / STEP**2, density.nyquist)
        self.factor = int(np.ceil(SAMPLES * np.divide(lengths, cells).max() / finest - 1e-6))
        self.shape = tuple(self.factor * n for n in cells)
        self._cells = cells
        self.passes = self.factor if np.prod(self.shape) > LARGE else 1

    def about(self, transform: Transform, powers: Sequence[int]) -> NDArray[np.float32]:
        """Average powers of the values over a Gaussian of one wavelength around every cell.

        Parameters
        ----------
        transform : of the map; it may lack what lies beyond the band
        powers : exponents, ascending

        Returns
        -------
        float32 array, shape (powers, *cells)
        """
        # NumPy requests huge pages here but not in `np.zeros`, which takes twice as long overall.
        means = np.empty((len(powers), *self._cells), dtype=np.float32)
        for number in range(self.passes):
            self._add_means(self._wave(transform, number), number, powers, means)
            beat()
        means /= self.passes
        # One after the other, because of the memory.
        for each in means:
            (each[:],) = gaussian_filtered([each], [*self._rest], mode="nearest", truncate=3)
        return means

    def cropped(self, transform: Transform) -> Transform:
        """Leave out the frequencies that neither this band nor coarser ones need."""
        reach = np.ceil(self.lengths * (STEP**2 / self.wavelength)).astype(int) + 1
        needed = tuple(int(n) for n in np.minimum(2 * reach + 1, transform.shape))
        return transform if needed == transform.shape else transform.cropped(needed)

    def _wave(self, transform: Transform, number: int) -> NDArray[np.complex64]:
        """Return planes of the band, at the voxel centers of this grid along z and y.

        Along x they stay transformed, shape (planes, y, columns), without the columns that are 0:
        the whole may be larger than the map, and is needed only slab by slab. Each of n passes
        makes every n-th plane; their transform is that of all planes, folded.
        """
        planes = self.shape[0] // self.passes
        turns = np.exp(2j * np.pi * number * np.arange(self.shape[0]) / self.shape[0])
        scale = np.prod(self.shape) / np.prod(self.box) / self.passes
        parts = _Planes(self, transform, turns * scale)
        wave = np.empty((planes, self.shape[1], parts.columns), dtype=np.complex64)

        def fill(rows: range) -> None:
            wave[rows.start : rows.stop] = 0
            for first, plane, source in self._folded(transform.shape[0], rows, planes):
                row = slice(first, first + plane.stop - plane.start)
                parts.add(wave[row], transform.values[source], plane)

        thickness = max(1, SLAB // wave[0].size)
        threads.run_each(fill, threads.slabs(planes, thickness))
        return scipy.fft.ifftn(wave, axes=(0, 1), overwrite_x=True, workers=threads.count())

    def _folded(self, stored: int, rows: range, planes: int) -> Iterator[tuple[int, slice, slice]]:
        """Yield the pieces that add up to rows of a folded transform.

        Each is its first row, its planes on this grid, and the same planes of the map's transform,
        of which so many are stored.
        """
        n = self.shape[0]
        for kept in shared(stored, n):
            start, stop, _ = kept.indices(n)
            shift = kept.indices(stored)[0] - start
            for fold in range(0, n, planes):
                first, last = max(start, rows.start + fold), min(stop, rows.stop + fold)
                if first < last:
                    yield first - fold, slice(first, last), slice(first + shift, last + shift)

    def _add_means(self, wave: NDArray, number: int, powers: Sequence[int], means: NDArray) -> None:
        """Add averages over cells of powers of the planes of a pass; the first pass sets them."""
        blocks = (self.factor // self.passes, self.factor, self.factor)

        def add(part: range) -> None:
            planes = slice(blocks[0] * part.start, blocks[0] * part.stop)
            values = scipy.fft.irfft(wave[planes], self.shape[2], axis=2)
            raised = values.copy()
            for total, (before, power) in zip(means, pairwise((1, *powers)), strict=True):
                for _ in range(power - before):
                    raised *= values
                cells = total[part.start : part.stop]
                np.add(block_means(raised, blocks), cells if number else 0, out=cells)

        thickness = max(1, SLAB // (blocks[0] * wave[0].size))
        threads.run_each(add, threads.slabs(self._cells[0], thickness))

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


class _Planes:
    """Planes of the transform of a band, filtered and shifted to the voxel centers of its grid.

    Only what lies in the band's sphere is computed: half of the grid.

    Attributes
    ----------
    columns : along x, from zero frequency to the end of the sphere

    Parameters
    ----------
    band : the band
    transform : of the map
    factors : complex array, one for each plane of its grid along z
    """

    def __init__(self, band: Band, transform: Transform, factors: NDArray):
        self._squares = [_frequency(band, axis) ** 2 for axis in range(3)]
        z, y, x = (_shift(band, axis) for axis in range(3))
        self._z = (z * factors).astype(np.complex64)
        self._yx = (y[:, None] * x).astype(np.complex64)
        _, rows, columns = transform.shape
        self._kept = shared(rows, band.shape[1])
        kept_x = shared_half(columns, band.shape[2]).indices(len(x))[1]
        # What lies beyond is 0.
        self.columns = min(kept_x, int(np.searchsorted(self._squares[2], OUTER)))

    def add(self, rows: NDArray, transform: NDArray, planes: slice) -> None:
        """Add planes of the map's transform, shape (z, y, x // 2 + 1), to the same of the band."""
        z, y, x = self._squares
        left = OUTER - z[planes].min()
        across = x[: min(self.columns, int(np.searchsorted(x, left)))]
        for kept in self._kept:
            within = np.flatnonzero(y[kept] <= left)
            if not (across.size and within.size):
                continue
            here, there = (
                np.s_[first + within[0] : first + within[-1] + 1, : across.size]
                for first in (kept.indices(n)[0] for n in (len(y), transform.shape[1]))
            )
            gain = _gain(z[planes, None, None] + y[here[0], None] + across)
            filtered: NDArray = transform[(slice(None), *there)] * gain
            filtered *= self._yx[here]
            filtered *= self._z[planes, None, None]
            rows[(slice(None), *here)] += filtered


def _frequency(band: Band, axis: int) -> NDArray[np.float32]:
    """Return the frequencies along an axis of a band's grid, in units of 1 / wavelength."""
    frequency = scipy.fft.rfftfreq if axis == 2 else scipy.fft.fftfreq
    n = band.shape[axis]
    steps = frequency(n, band.lengths[axis] / n / band.wavelength)
    return steps.astype(np.float32)


def _shift(band: Band, axis: int) -> NDArray[np.complex128]:
    """Return the phase factors that shift a wave along an axis to its grid's voxel centers."""
    n, m = band.shape[axis], band.box[axis]
    # In voxels of this grid, from the map's first voxel.
    offset = 0.5 - 0.5 * n / m
    frequency = scipy.fft.rfftfreq(n) if axis == 2 else scipy.fft.fftfreq(n)
    return np.exp(2j * np.pi * offset * frequency)


def _gain(squares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Overwrite squared frequencies, in units of 1 / wavelength², with the gain."""
    np.log(np.maximum(squares, 1e-12), out=squares)
    squares *= 0.5 / np.log(STEP)
    np.clip(squares, -2, 2, out=squares)
    squares *= 0.25 * np.pi
    np.cos(squares, out=squares)
    # Exactly 0 beyond the band, where rounding leaves -4e-8: it may be left out or not.
    return np.maximum(squares, 0, out=squares)
