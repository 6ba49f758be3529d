"""Rotational power spectra of a molecule and of the solvent around it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import ndimage

from ..arrays.interpolate import block_means
from ..arrays.separable import along_axes
from ..density import Density
from ..fourier import Shells, taper_of_box
from ..mask import FLAT_FRACTION, inscribed_ellipsoid

EDGE = 128
# Soft edges this many voxels wide keep leakage between shells below 1e-4.
RIM = 5
# Å around the molecule that masks leave unchanged.
REACH = 8.0
# Frequencies of a spectrum on a logarithmic scale are 2% apart.
STEP = 0.02
# Below this fraction of the strongest shell there is only rounding and leakage.
LEAKS = 1e-6
# Fewest voxels that give a spectrum.
FEWEST = 60
Slices = tuple[slice, slice, slice]


@dataclass(frozen=True, eq=False)
class Spectra:
    """Power per voxel and shell, at logarithmically spaced frequencies up to Nyquist.

    Attributes
    ----------
    frequency : float array, shape (n,), 1/Å; empty where the window has too few shells
    whole : ln of the power in the window, under a Hann taper, shape (n,)
    molecule : ln of the power inside the molecule, shape (n,)
    solvent : ln of the power in the solvent, shape (n,); None if the window has no solvent, or flat
        solvent
    contrast : least ratio, over all shells, of power in the molecule to that in the solvent; 1
        without solvent
    """

    frequency: NDArray[np.float64]
    whole: NDArray[np.float64]
    molecule: NDArray[np.float64]
    solvent: NDArray[np.float64] | None
    contrast: float


def measure_spectra(density: Density, mask: NDArray[np.bool_]) -> Spectra:
    """Measure the spectra of a map without outliers, with its solvent at 0.

    Parameters
    ----------
    density : the map
    mask : bool array, shape (z, y, x), the molecule
    """
    near, far = _window(mask, most=True), _window(mask, most=False)
    reach = 2 * int(np.ceil(REACH / density.spacing)) + 1
    values, soft = density.values[near], _soft(mask[near])
    shells = _WindowShells(values.shape, density)
    whole = shells.power(values, taper_of_box(values.shape, [n / 2 for n in values.shape]))
    molecule = shells.power(values, _inside(soft))
    if far != near:
        values, soft = density.values[far], _soft(mask[far])
    z, y, x = (_uniform(n, reach) for n in soft.shape)
    (around,) = along_axes([soft], (z, y, x))
    solvent = shells.power(values, _outside(around, values, far, mask.shape))
    frequency = shells.on_scale()
    return Spectra(
        frequency,
        shells.resampled(whole, frequency),
        shells.resampled(molecule, frequency),
        shells.resampled(solvent, frequency) if solvent.any() else None,
        _contrast(molecule, solvent),
    )


class _WindowShells:
    """Shells of a window, up to the Nyquist limit."""

    def __init__(self, shape: tuple[int, ...], density: Density):
        self._shells = Shells(shape, density.voxel_size)
        self._kept = slice(self._shells.nyquist + 1)
        self._frequency = self._shells.frequency[self._kept]

    def power(self, values: NDArray, weight: NDArray) -> NDArray[np.float64]:
        """Return the mean power of each shell, as if the weight were 1 everywhere."""
        power = self._shells.power(values * weight)[self._kept]
        return power / max(float(np.sum(weight**2, dtype=np.float64)), 1e-30)

    def on_scale(self) -> NDArray[np.float64]:
        """Return logarithmically spaced frequencies, from the second shell to Nyquist."""
        if len(self._frequency) < 5:
            return np.empty(0)
        first, last = np.log(self._frequency[[2, -1]])
        return np.exp(np.arange(first, last + 1e-9, STEP))

    def resampled(self, power: NDArray, frequency: NDArray) -> NDArray[np.float64]:
        """Return ln of a power at other frequencies."""
        least = max(1e-30 * float(power.max()), 1e-300)
        return np.interp(frequency, self._frequency, np.log(np.maximum(power, least)))


def _contrast(molecule: NDArray, solvent: NDArray) -> float:
    strong = molecule > LEAKS * molecule[1:].max(initial=0.0)
    strong[:2] = False
    if not strong.any() or not solvent.any():
        return 1.0
    return float(np.min(molecule[strong] / np.maximum(solvent[strong], 1e-30 * molecule.max())))


def _window(mask: NDArray[np.bool_], most: bool) -> Slices:
    """Return the window, up to `EDGE` voxels long, with the most or least of the molecule."""
    step = EDGE // 8
    fractions = block_means(mask, step)
    sizes = tuple(min(n, EDGE // step) for n in fractions.shape)
    sums = sliding_window_view(fractions, sizes).sum(axis=(3, 4, 5))
    place = int(np.argmax(sums) if most else np.argmin(sums))
    starts = (step * int(i) for i in np.unravel_index(place, sums.shape))
    z, y, x = (slice(i, min(i + EDGE, n)) for i, n in zip(starts, mask.shape, strict=True))
    return z, y, x


def _soft(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the fraction of molecule around each voxel; outside the window there is none."""
    z, y, x = (_uniform(n, RIM) @ _uniform(n, RIM) for n in mask.shape)
    return along_axes([mask], (z, y, x))[0]


def _uniform(length: int, size: int) -> NDArray[np.float32]:
    """Return the matrix of a uniform filter along an axis, with zeros beyond its ends."""
    matrix = ndimage.uniform_filter1d(np.eye(length), size, axis=0, mode="constant")
    return matrix.astype(np.float32)


def _inside(soft: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a weight that rises from 0 at the molecule's surface; a speck is kept whole."""
    rise = np.clip(2 * soft - 1, 0, 1)
    weight = rise**2 * (3 - 2 * rise)
    return weight if np.sum(weight**2) > FEWEST else soft


def _outside(
    around: NDArray[np.float32], values: NDArray, where: Slices, box: tuple[int, ...]
) -> NDArray[np.float32]:
    """Return a weight that is 1 in the solvent, or 0 everywhere if the solvent is flat.

    Many programs write zeros outside the inscribed ellipsoid: those are not solvent.
    """
    ellipsoid = inscribed_ellipsoid(box, part=where)
    weight: NDArray = np.clip(1 - 20 * around, 0, 1) ** 2 * ellipsoid
    sample = values[weight > 0.5]
    flat = sample.size < FEWEST or np.mean(sample == 0) > FLAT_FRACTION
    return np.zeros_like(weight) if flat else weight
