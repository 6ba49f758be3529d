"""Local energies of a map in frequency bands: inputs of the local network.

In each band the local energy measures signal plus noise, the energy of the solvent noise alone, and
deviations from a Gaussian distribution show whether there is signal at all. Wider windows are more
reliable but less local: there are four. Nothing depends on the map's orientation, scale or grid.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .. import threads
from ..density import Density
from ..half_maps import HalfMaps
from ..progress import Progress, silent
from .apodized import tapers, transforms_of
from .bands import BANDS, WAVELENGTHS, Band, Shape
from .energies import (
    CHANNELS,
    MEAN_LEVEL,
    MEAN_SPREAD,
    MEANS,
    MOST,
    OF_ONE_MAP,
    fill_in,
    ln_power,
    measure_energies,
)
from .profile import UNSEEN
from .windows import ABOUT, WIDTHS, LocalWindows, cell_means, cell_shape, fraction_of_cells

# Fraction of the strongest band's power density below which only rounding is left.
FAINTEST = 1e-9
# Divisor of ln mean power.
LEVEL_SCALE = 5.0


@dataclass(frozen=True, eq=False)
class CellGrid:
    """Where the measured cells of a map are; all its cells fill the box.

    Attributes
    ----------
    places : int32 array, shape (n, 3), indices (z, y, x) of the measured cells
    shape : number of cells along z, y and x
    """

    places: NDArray[np.int32]
    shape: Shape


@dataclass(frozen=True, eq=False)
class Cells:
    """Measurements around the cells of a map.

    Attributes
    ----------
    grid : where they are
    features : float16 array, shape (n, WIDTHS, CHANNELS, bands), about ±2, finest band first;
        `UNSEEN` in bands that the map does not hold. Without half maps only `OF_ONE_MAP` channels
    fractions : float16 array, shape (n, ABOUT), of molecule around each cell
    bands : indices of these bands in `mapres.features.bands.WAVELENGTHS`
    means : float32 array, shape (MEANS, BANDS), of the whole molecule in those bands
    edge : of a cell, Å
    """

    grid: CellGrid
    features: NDArray[np.float16]
    fractions: NDArray[np.float16]
    bands: range
    means: NDArray[np.float32]
    edge: float


def measure_cells(
    density: Density,
    molecule: NDArray[np.bool_],
    half_maps: HalfMaps | None = None,
    *,
    part: NDArray[np.bool_] | None = None,
    bands: range = range(BANDS),
    power_ends: float | None = None,
    progress: Progress = silent,
) -> Cells:
    """Measure the cells of a map where its molecule is, and those next to it.

    Parameters
    ----------
    density : the map
    molecule : bool array, shape (z, y, x)
    half_maps : on its grid, or None
    part : bool array, shape (z, y, x), the requested part of the molecule; None for all
    bands : indices in `bands.WAVELENGTHS`; of all other bands only the power is measured
    power_ends : Å beyond which the half maps have no power; None if they have everywhere
    progress : called with (fraction, message)
    """
    shape = cell_shape(density)
    around = LocalWindows(fraction_of_cells(molecule, shape), density)
    requested = around.inside > 0
    if part is not None and part is not molecule:
        requested = fraction_of_cells(part, shape) > 0
    wanted = ndimage.binary_dilation(requested, np.ones((3, 3, 3)))
    places = np.argwhere(wanted).astype(np.int32)
    transforms = list(transforms_of(density, molecule, half_maps, power_ends))
    windows = [cell_means(w**2, n) for w, n in zip(tapers(density), shape, strict=True)]
    channels = OF_ONE_MAP if half_maps is None else CHANNELS
    # Band by band, as they are measured: memory is taken when a band is filled in.
    size = (len(bands), len(WIDTHS), channels, len(places))
    features = np.empty(size, dtype=np.float16)
    means = np.full((MEANS, BANDS), UNSEEN, dtype=np.float32)
    powers = np.full(BANDS, -np.inf)
    made = {b: Band(density, shape, float(WAVELENGTHS[b])) for b in bands_of(density).tolist()}

    def measure(b: int) -> float:
        """Fill in a band, if it is wanted; return ln of its power."""
        exposure = made[b].exposure(windows)
        if b not in bands:
            return ln_power(transforms[0], made[b], exposure, around)
        filled = features[b - bands.start]
        filled[:] = UNSEEN
        energies = measure_energies(transforms, made[b], exposure, around, means[:, b])
        if energies is None:
            return -np.inf
        means[MEAN_SPREAD, b] = fill_in(filled, energies, around, places)
        return energies.ln_power

    for group in _groups(made):

        def report(done: int, group: list[int] = group) -> None:
            b = group[min(done, len(group) - 1)]
            progress(b / BANDS, f"measuring at {WAVELENGTHS[b]:.1f} Å")

        transforms = [made[group[0]].cropped(transform) for transform in transforms]
        powers[group] = threads.run_each(measure, group, report)
    for b in set(bands) - set(made):
        features[b - bands.start] = UNSEEN
    known = np.isfinite(powers)
    relative = np.maximum(powers[known] - powers.max(initial=-np.inf), np.log(FAINTEST))
    means[MEAN_LEVEL, known] = 2 + relative / LEVEL_SCALE
    fractions = [around.about(length)[wanted] for length in ABOUT]
    return Cells(
        CellGrid(places, shape),
        features.transpose(3, 1, 2, 0),
        np.stack(fractions, axis=-1).astype(np.float16),
        bands,
        np.clip(means, UNSEEN, MOST),
        around.cell,
    )


def _groups(bands: dict[int, Band]) -> list[list[int]]:
    """Return the bands that threads share out, after those of a large map, one at a time.

    Threads that share a band wait for each other longer than those that have one each, but two
    large ones would take too much memory.
    """
    large = [b for b in sorted(bands) if bands[b].passes > 1]
    rest = [b for b in sorted(bands) if bands[b].passes == 1]
    return [*([b] for b in large), *([rest] if rest else [])]


def bands_of(density: Density) -> NDArray[np.intp]:
    """Return the indices of a map's bands: from two voxels to half the box."""
    lengths = np.multiply(density.values.shape, density.spacing)
    return np.flatnonzero((density.nyquist <= WAVELENGTHS) & (0.5 * lengths.min() >= WAVELENGTHS))
