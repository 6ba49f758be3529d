"""Cells of a box, windows around them, and averages over the molecule and the solvent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy import ndimage

from .. import threads
from ..arrays.nearby import bounding_box, widened
from ..arrays.separable import (
    PLANES,
    Matrices,
    gaussian_filtered,
    gaussian_matrix,
    mean_matrix,
    planes_along_axes,
    times_rows,
)
from ..density import Density
from ..fourier import along
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
    box : slices of the cells that windows around the molecule reach
    weight : of every cell of the box
    inner : slices, of the box, that hold the molecule and the cells next to it
    start : first cell of `inner`
    molecule : bool array, which cells of `inner` are mostly molecule
    """

    def __init__(self, inside: NDArray, density: Density):
        self.inside = inside
        self.cell = float(
            np.mean(np.multiply(density.values.shape, density.spacing) / inside.shape)
        )
        # Windows around the molecule and the cells next to it end within this distance.
        reach = 1 + int(TRUNCATE * self.sigma(COARSE, max(WIDTHS)) + 1)
        occupied = bounding_box(inside > 0)
        next_to_it = widened(occupied, 1, inside.shape)
        self.box = widened(occupied, reach, inside.shape)
        self.weight = inside[self.box] + np.float32(SOLVENT)
        self.start = np.array([part.start for part in next_to_it])
        self.inner = tuple(
            slice(part.start - whole.start, part.stop - whole.start)
            for part, whole in zip(next_to_it, self.box, strict=True)
        )
        self.molecule = inside[next_to_it] > (0.5 if (inside > 0.5).any() else 0)
        distance = ndimage.distance_transform_edt(inside == 0) * self.cell
        self.distance = distance.astype(np.float32)
        middles = [0.5 * (n - 1) for n in inside.shape]
        self.distance[~inscribed_ellipsoid(inside.shape, middles)] = 0

    def sigma(self, wavelength: float, width: float) -> float:
        """Return the standard deviation, in cells, of a window of ``width`` wavelengths."""
        return width * float(np.clip(wavelength, FINE, COARSE)) / self.cell

    def window(self, wavelength: float, width: float) -> Matrices | None:
        """Return the matrices of windows around the cells of `inner`; None without width."""
        sigma = self.sigma(wavelength, width)
        if sigma == 0:
            return None
        z, y, x = (
            gaussian_matrix(n, sigma, mode="constant", truncate=TRUNCATE, rows=rows)
            for n, rows in zip(self.weight.shape, self.inner, strict=True)
        )
        return z, y, x

    def over_window(
        self, arrays: Sequence[NDArray], window: Matrices | None, planes: range
    ) -> list[NDArray[np.float32]]:
        """Sum arrays of the box over a window around the cells of some planes of `inner`."""
        if window is not None:
            return [planes_along_axes(each, window, planes) for each in arrays]
        return [each[self.inner][planes.start : planes.stop] for each in arrays]

    def about(self, length: float) -> NDArray[np.float32]:
        """Return the fraction of molecule in windows of standard deviation ``length``, Å."""
        if length == 0:
            return self.inside
        (fraction,) = gaussian_filtered(
            [self.inside], (length / self.cell,) * 3, mode="constant", truncate=TRUNCATE
        )
        return fraction

    def molecule_mean(self, energy: NDArray, power: int = 1) -> float:
        """Return the mean in the molecule of the energy of a band, in the box, or of its power."""
        values = energy[self.inner][self.molecule].astype(np.float64)
        return float(np.mean(values**power))

    def solvent_mean(self, energy: NDArray, wavelength: float) -> float | None:
        """Return the mean energy of a band in the solvent; None where there is none.

        ``energy`` is that of the whole map: the box holds little solvent.
        """
        least, waves, fraction = APART
        far = self.distance > max(least, min(waves * wavelength, fraction * self.distance.max()))
        return float(energy[far].mean(dtype=np.float64)) if far.any() else None


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
    beat()
    z, y, x = shape
    along_z = mean_matrix(mask.shape[0], z)

    def average(planes: range) -> NDArray[np.float32]:
        part = times_rows(along_z[planes.start : planes.stop], mask)
        if not part.any():
            return np.zeros((len(planes), y, x), dtype=np.float32)
        return cell_means(cell_means(part.astype(np.float32), y, 1), x, 2)

    return np.concatenate(threads.run_each(average, threads.slabs(z, PLANES // 4)))


def cell_means(values: NDArray, count: int, axis: int = 0) -> NDArray[np.float32]:
    """Average an array along one axis over ``count`` equal parts, which may split voxels."""
    n = values.shape[axis]
    sums = np.concatenate([np.zeros_like(values.take([0], axis)), values.cumsum(axis)], axis)
    edges = np.linspace(0, n, count + 1)
    below = np.minimum(edges.astype(int), n - 1)
    part = along(edges - below, axis, values.ndim)
    at = sums.take(below, axis) * (1 - part) + sums.take(below + 1, axis) * part
    return (np.diff(at, axis=axis) * (count / n)).astype(np.float32)
