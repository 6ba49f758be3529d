"""Cells of a box, windows around them, and averages over the molecule and the solvent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy import ndimage

from .. import threads
from ..density import Density
from ..mask import inscribed_ellipsoid
from ..progress import beat
from .bands import Shape

# Least edge of a cell, Å and voxels. Local resolution varies over 20 Å or more.
CELL = (4.0, 2.0)
# Standard deviations, in wavelengths, of the windows that energies are averaged over, in addition
# to the band's own of one wavelength; wavelengths are clipped to FINE and COARSE, Å.
WIDTHS = (0.0, 0.6, 1.2, 2.4)
FINE, COARSE = 4.0, 20.0
# The width at which the spread over the molecule is measured.
SPREAD_WIDTH = WIDTHS[2]
# Standard deviations at which windows end, leaving out 1.2% of a Gaussian.
TRUNCATE = 2.5
# Columns of voxels that are averaged at a time.
SLAB = 32
# Å, standard deviations of windows for the fraction of molecule around a cell.
ABOUT = (0.0, 6.0, 12.0)
# Weight of voxels outside the molecule, so that windows next to it have values too.
SOLVENT = 0.01
# Solvent is farther from the molecule than these Å and these wavelengths, the latter limited to
# this fraction of the largest distance.
APART = (8.0, 1.5, 0.75)


class LocalWindows:
    """Molecule and solvent on the grid of cells; solvent only in the inscribed ellipsoid.

    Attributes
    ----------
    inside : fraction of molecule in every cell
    cell : edge of a cell, Å
    start, box : first cell, and slices, of the box that windows around the molecule reach
    """

    def __init__(self, inside: NDArray, density: Density):
        self.inside = inside
        self.cell = float(
            np.mean(np.multiply(density.values.shape, density.spacing) / inside.shape)
        )
        # Windows around the molecule and the cells next to it end within this distance.
        reach = 1 + int(TRUNCATE * self.sigma(COARSE, max(WIDTHS)) + 1)
        occupied = np.argwhere(inside > 0)
        self.start = np.maximum(occupied.min(axis=0) - reach, 0)
        self.box = tuple(map(slice, self.start, occupied.max(axis=0) + 1 + reach))
        self.weight = inside[self.box] + np.float32(SOLVENT)
        self._molecule = inside[self.box] > (0.5 if (inside > 0.5).any() else 0)
        distance = ndimage.distance_transform_edt(inside == 0) * self.cell
        self.distance = distance.astype(np.float32)
        middles = [0.5 * (n - 1) for n in inside.shape]
        self.distance[~inscribed_ellipsoid(inside.shape, middles)] = 0

    def sigma(self, wavelength: float, width: float) -> float:
        """Return the standard deviation, in cells, of a window of ``width`` wavelengths."""
        return width * float(np.clip(wavelength, FINE, COARSE)) / self.cell

    def widened(self, values: Sequence[NDArray], sigma: float) -> list[NDArray[np.float32]]:
        """Average arrays of the box over windows, weighted by the fraction of molecule."""
        if sigma == 0:
            return list(values)
        beat()
        # Filtered in place: memory that threads allocate stays with them, 0.2 GB for a 512³ map.
        weight, *totals = [self.weight.copy(), *(each * self.weight for each in values)]
        # SciPy's filters release the GIL.
        threads.run_each(partial(_smooth_in_place, sigma=sigma), (weight, *totals))
        return [np.divide(total, weight, out=total) for total in totals]

    def spread(self, widened: NDArray) -> float:
        """Return the standard deviation over the molecule of ln energy in windows, in the box."""
        return float(np.log(np.maximum(widened[self._molecule], 1e-30)).std())

    def about(self, length: float) -> NDArray[np.float32]:
        """Return the fraction of molecule in windows of standard deviation ``length``, Å."""
        fraction = self.inside.astype(np.float32)
        if length:
            _smooth_in_place(fraction, length / self.cell)
        return fraction

    def molecule_mean(self, energy: NDArray) -> float:
        """Return the mean energy of a band, in the box, in the molecule."""
        return float(energy[self._molecule].mean(dtype=np.float64))

    def solvent_mean(self, energy: NDArray, wavelength: float) -> float | None:
        """Return the mean energy of a band in the solvent; None where there is none.

        ``energy`` is that of the whole map: the box holds little solvent.
        """
        least, waves, fraction = APART
        far = self.distance > max(least, min(waves * wavelength, fraction * self.distance.max()))
        return float(energy[far].mean(dtype=np.float64)) if far.any() else None


def _smooth_in_place(values: NDArray[np.float32], sigma: float) -> None:
    ndimage.gaussian_filter(values, sigma, output=values, mode="constant", truncate=TRUNCATE)


def cell_shape(density: Density) -> Shape:
    """Return the number of cells of a map along z, y, x; see `CELL`."""
    length, voxels = CELL
    cell = max(length, voxels * density.spacing)
    lengths = np.multiply(density.values.shape, density.spacing)
    counts = (max(1, round(float(edge) / cell)) for edge in lengths)
    z, y, x = (scipy.fft.next_fast_len(count, real=True) for count in counts)
    return z, y, x


def fraction_of_cells(mask: NDArray, shape: Shape) -> NDArray[np.float32]:
    """Average a mask, or any map, over cells."""
    z, y, x = shape
    # In slabs: cumulative sums of the whole would be three times as large.
    slabs = np.array_split(mask, range(SLAB, mask.shape[2], SLAB), axis=2)
    values = np.concatenate([cell_means(slab.astype(np.float32), z, 0) for slab in slabs], axis=2)
    return cell_means(cell_means(values, y, 1), x, 2)


def cell_means(values: NDArray, count: int, axis: int = 0) -> NDArray[np.float32]:
    """Average an array along one axis over ``count`` equal parts, which may split voxels."""
    beat()
    n = values.shape[axis]
    sums = np.concatenate([np.zeros_like(values.take([0], axis)), values.cumsum(axis)], axis)
    edges = np.linspace(0, n, count + 1)
    below = np.minimum(edges.astype(int), n - 1)
    part = (edges - below).reshape([-1 if a == axis else 1 for a in range(values.ndim)])
    at = sums.take(below, axis) * (1 - part) + sums.take(below + 1, axis) * part
    return (np.diff(at, axis=axis) * (count / n)).astype(np.float32)
