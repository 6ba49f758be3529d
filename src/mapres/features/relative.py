"""Inputs of the local network for a cell and for its map, relative to the map's global resolution.

A map at 3 Å and one at 9 Å look alike in units of their resolution. So bands and predicted bins are
counted from the global resolution of the map.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from .bands import BANDS, STEP, WAVELENGTHS
from .distribution import BINS, CENTERS, ln_mean
from .energies import MEANS
from .profile import CURVES, FREQUENCIES, UNSEEN
from .windows import ABOUT, WIDTHS

# ln Å from the global resolution: to 2.6 times finer and coarser, by bands and by half bands.
OFFSETS = np.log(STEP) * np.arange(-7, 8)
HALF_OFFSETS = np.log(STEP) * np.arange(-14, 15) / 2
# ln Å, edges of the predicted bins: to three times finer and coarser, 3.4% each.
LN_EDGES = np.linspace(-1.1, 1.1, BINS + 1)
LN_MIDDLES = 0.5 * (LN_EDGES[1:] + LN_EDGES[:-1])
OF_MAP = MEANS * len(OFFSETS) + (CURVES + 1) * len(HALF_OFFSETS) + 3
LEAST_CHANCE = 1e-3
# ln Å: masks and shells change a half-map FSC resolution by about so much.
MEASURED = 0.05
LN_WAVELENGTHS = np.log(WAVELENGTHS)


@dataclass(frozen=True, eq=False)
class GlobalFeatures:
    """Features of a map as a whole.

    Attributes
    ----------
    probabilities : float32 array, shape (BINS,), the distribution that the default model predicts,
        or with half maps `distribution_at` their FSC resolution
    profile : float32 array, shape (4, 75), see `mapres.features.profile`
    means : float32 array, shape (MEANS, BANDS), see `mapres.features.cells`
    cell : edge of a cell, Å
    """

    probabilities: NDArray[np.float32]
    profile: NDArray[np.float32]
    means: NDArray[np.float32]
    cell: float

    @property
    def ln_resolution(self) -> float:
        """The mean of the distribution, ln Å."""
        return ln_mean(self.probabilities)


def distribution_at(resolution: float) -> NDArray[np.float32]:
    """Return the distribution, shape (BINS,), of a resolution (Å) that half maps have measured."""
    off = (np.log(CENTERS) - np.log(np.clip(resolution, CENTERS[0], CENTERS[-1]))) / MEASURED
    found = np.exp(-0.5 * off**2)
    return (found / found.sum()).astype(np.float32)


def bands_read(middle: float) -> range:
    """Return the bands that `rows` needs for a given ``middle``, ln Å."""
    below, _ = _between(LN_WAVELENGTHS, middle + OFFSETS)
    return range(int(below.min()), int(below.max()) + 2)


def rows(
    features: NDArray,
    fractions: NDArray,
    middle: float,
    bands: range = range(BANDS),
) -> NDArray[np.float32]:
    """Return the network's inputs for cells, shape (n, `inputs_of_cell`).

    Parameters
    ----------
    features : array, shape (n, WIDTHS, channels, bands), see `mapres.features.cells.Cells`
    fractions : array, shape (n, ABOUT), likewise
    middle : ln Å from which bands are counted
    bands : those of the features: all, or at least those of `bands_read`
    """
    found = _at(features, LN_WAVELENGTHS[bands], middle + OFFSETS)
    out = np.empty((len(features), inputs_of_cell(features.shape[2])), dtype=np.float32)
    out[:, : -len(ABOUT)].reshape(found.shape)[:] = found
    out[:, -len(ABOUT) :] = fractions
    return out


def inputs_of_cell(channels: int) -> int:
    """Return how many inputs describe a cell that was measured in so many channels."""
    return len(WIDTHS) * channels * len(OFFSETS) + len(ABOUT)


def row_of_map(global_features: GlobalFeatures, middle: float) -> NDArray[np.float32]:
    """Return the network's inputs for a map, shape (1, OF_MAP); ``middle`` is that of `rows`."""
    probabilities = 0.5 * np.log(global_features.probabilities + LEAST_CHANCE)
    off = (np.log(CENTERS) - global_features.ln_resolution) ** 2
    spread = np.sqrt(global_features.probabilities @ off / global_features.probabilities.sum())
    parts = (
        _at(global_features.means, LN_WAVELENGTHS, middle + OFFSETS),
        _at(global_features.profile, -np.log(FREQUENCIES), middle + HALF_OFFSETS),
        _at(probabilities, np.log(CENTERS), middle + HALF_OFFSETS),
        np.array([middle, 4 * spread, np.log(global_features.cell) - middle]),
    )
    return np.concatenate([part.ravel() for part in parts]).astype(np.float32)[None]


def _at(values: NDArray, scale: NDArray, places: NDArray) -> NDArray[np.float32]:
    """Interpolate along the last axis, of uniform ``scale``; `UNSEEN` beyond its ends.

    Next to an unseen value the nearer of the two is used.
    """
    below, at = _between(scale, places)
    part = np.clip(at - below, 0, 1).astype(np.float32)
    points = np.moveaxis(values, -1, 0).astype(np.float32)
    unseen = [point == UNSEEN if (point == UNSEEN).any() else None for point in points]
    result = np.empty_like(points, shape=(len(places), *points.shape[1:]))
    for number, (k, weight) in enumerate(zip(below, part, strict=True)):
        out = result[number, ...]
        np.subtract(points[k + 1], points[k], out=out)
        out *= weight
        out += points[k]
        hidden = [each for each in unseen[k : k + 2] if each is not None]
        if hidden:
            nearer = points[k + int(np.rint(weight))]
            np.copyto(out, nearer, where=reduce(np.logical_or, hidden))
    result[(at < -0.5) | (at > len(scale) - 0.5)] = UNSEEN
    return np.moveaxis(result, 0, -1)


def _between(scale: NDArray, places: NDArray) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Return the index of the scale point below each place, and the fractional index."""
    at = (places - scale[0]) / (scale[1] - scale[0])
    return np.clip(np.floor(at).astype(int), 0, len(scale) - 2), at
