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

from ..density import Density
from ..half_maps import HalfMaps
from ..progress import Progress, silent
from .apodized import tapers, transforms_of
from .bands import BANDS, WAVELENGTHS, Band, Shape
from .profile import UNSEEN
from .windows import (
    ABOUT,
    SPREAD_WIDTH,
    WIDTHS,
    LocalWindows,
    cell_means,
    cell_shape,
    fraction_of_cells,
)

# Fraction of the strongest band's power density below which only rounding is left.
FAINTEST = 1e-9
# Channels of every band. Energy: relative to its mean in the molecule. Share: fraction of signal,
# by comparison with the solvent; by half maps, with their mean difference. Correlation: of half
# maps, locally.
ENERGY, SHARE, KURTOSIS, SKEWNESS, CORRELATION, HALF_SHARE = range(6)
CHANNELS = 6
# Those of a map without half maps come first.
OF_ONE_MAP = 4
OF_HALF_MAPS = (CORRELATION, HALF_SHARE)
# Channels of the whole molecule, in every band. Spread: of ln energy over the molecule.
MEAN_LEVEL, MEAN_SHARE, MEAN_KURTOSIS, MEAN_SPREAD, MEAN_CORRELATION = range(5)
MEANS = 5
# Divisors of ln energy (about ±6) and ln mean power.
ENERGY_SCALE, LEVEL_SCALE = 3.0, 5.0


@dataclass(frozen=True, eq=False)
class Cells:
    """Measurements around the cells of a map, which fill the box.

    Attributes
    ----------
    places : int32 array, shape (n, 3), indices (z, y, x) of the measured cells
    features : float16 array, shape (n, WIDTHS, CHANNELS, bands), about ±2, finest band first;
        `UNSEEN` in bands that the map does not hold. Without half maps only `OF_ONE_MAP` channels
    fractions : float16 array, shape (n, ABOUT), of molecule around each cell
    bands : indices of these bands in `mapres.features.bands.WAVELENGTHS`
    means : float32 array, shape (MEANS, BANDS), of the whole molecule in those bands
    shape : number of cells along z, y and x
    edge : of a cell, Å
    """

    places: NDArray[np.int32]
    features: NDArray[np.float16]
    fractions: NDArray[np.float16]
    bands: range
    means: NDArray[np.float32]
    shape: Shape
    edge: float


def measure_cells(
    density: Density,
    molecule: NDArray[np.bool_],
    half_maps: HalfMaps | None = None,
    *,
    part: NDArray[np.bool_] | None = None,
    bands: range = range(BANDS),
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
    progress : called with (fraction, message)
    """
    shape = cell_shape(density)
    around = LocalWindows(fraction_of_cells(molecule, shape), density)
    requested = (around.inside if part is None else fraction_of_cells(part, shape)) > 0
    wanted = ndimage.binary_dilation(requested, np.ones((3, 3, 3)))
    places = np.argwhere(wanted).astype(np.int32)
    transforms = list(transforms_of(density, molecule, half_maps))
    windows = [cell_means(w**2, n) for w, n in zip(tapers(density), shape, strict=True)]
    channels = OF_ONE_MAP if half_maps is None else CHANNELS
    size = (len(places), len(WIDTHS), channels, len(bands))
    features = np.full(size, UNSEEN, dtype=np.float16)
    means = np.full((MEANS, BANDS), UNSEEN, dtype=np.float32)
    powers = np.full(BANDS, -np.inf)
    for b in bands_of(density):
        progress(b / BANDS, f"measuring at {WAVELENGTHS[b]:.1f} Å")
        band = Band(density, shape, float(WAVELENGTHS[b]))
        exposure = band.exposure(windows)
        if b not in bands:
            powers[b] = _ln_power(transforms[0], band, exposure, around)
            continue
        ratios = _ratios(transforms, band, exposure, around, means[:, b])
        if ratios is not None:
            powers[b] = ratios.ln_power
            filled = features[..., b - bands.start]
            means[MEAN_SPREAD, b] = _fill_in(filled, ratios, around, band.wavelength, places)
    known = np.isfinite(powers)
    relative = np.maximum(powers[known] - powers.max(initial=-np.inf), np.log(FAINTEST))
    means[MEAN_LEVEL, known] = 2 + relative / LEVEL_SCALE
    np.clip(features, UNSEEN, 3, out=features)
    fractions = [around.about(length)[wanted] for length in ABOUT]
    return Cells(
        places,
        features,
        np.stack(fractions, axis=-1).astype(np.float16),
        bands,
        np.clip(means, UNSEEN, 3),
        shape,
        around.cell,
    )


@dataclass(frozen=True, eq=False)
class _Ratios:
    """Relative energies of one band in the cells of a box.

    Attributes
    ----------
    ln_power : ln of the mean power in the molecule
    values : by channel, what is averaged over windows: energies over their mean, the moments, and
        the energies of the half maps' mean and difference over the mean difference
    over_solvent : the mean energy over that of the solvent; None without solvent
    """

    ln_power: float
    values: dict[int, NDArray[np.float32]]
    over_solvent: float | None


def _ratios(
    transforms: list[NDArray],
    band: Band,
    exposure: NDArray,
    around: LocalWindows,
    means: NDArray,
) -> _Ratios | None:
    """Measure one band of every cell of the box, and fill in its means, (MEANS,).

    Returns None if there is no power.
    """
    moment2, moment3, moment4 = band.about(transforms[0], (2, 3, 4))
    noise = around.solvent_mean(moment2 / exposure, band.wavelength)
    moment2, moment3, moment4, exposure = (
        each[around.box] for each in (moment2, moment3, moment4, exposure)
    )
    energy = moment2 / exposure
    mean = around.molecule_mean(energy)
    if not mean > 0:
        return None
    # Squares of smaller values underflow in float32.
    valid = energy > max(1e-12 * mean, 1e-18)
    gaussian = 3 * around.molecule_mean(np.square(moment2, dtype=np.float64))
    means[MEAN_KURTOSIS] = np.log(max(around.molecule_mean(moment4) / max(gaussian, 1e-30), 1e-3))
    moment2 = np.where(valid, moment2, np.float32(mean))
    kurtosis = np.log(np.clip(moment4 / (3 * moment2**2), 1e-3, 1e3))
    values = {
        ENERGY: energy / mean,
        KURTOSIS: np.where(valid, kurtosis, 0),
        SKEWNESS: np.where(valid, moment3 / moment2**1.5, 0),
    }
    over_solvent = None
    if noise is not None:
        means[MEAN_SHARE] = np.clip(1 - noise / mean, -1, 1)
        over_solvent = mean / max(noise, 1e-6 * mean)
    if len(transforms) == 3:
        total, rest = (
            band.about(transform, (2,))[0][around.box] / exposure for transform in transforms[1:]
        )
        both, noise = around.molecule_mean(total), around.molecule_mean(rest)
        means[MEAN_CORRELATION] = (both - noise) / max(both + noise, 1e-30)
        values[HALF_SHARE], values[CORRELATION] = (
            each / max(noise, 1e-6 * both, 1e-30) for each in (total, rest)
        )
    return _Ratios(_per_coefficient(mean, band), values, over_solvent)


def _ln_power(transform: NDArray, band: Band, exposure: NDArray, around: LocalWindows) -> float:
    """Return `_Ratios.ln_power`, -inf if there is no power."""
    (moment2,) = band.about(transform, (2,))
    return _per_coefficient(around.molecule_mean((moment2 / exposure)[around.box]), band)


def _per_coefficient(mean: float, band: Band) -> float:
    """Return ln of a mean power: a band holds wavelength^-3 coefficients per volume."""
    return float(np.log(mean * band.wavelength**3)) if mean > 0 else float("-inf")


def _fill_in(
    features: NDArray,
    ratios: _Ratios,
    around: LocalWindows,
    wavelength: float,
    places: NDArray,
) -> float:
    """Average a band over windows; fill in features, shape (n, WIDTHS, channels).

    Returns the spread of ln energy over the molecule.
    """
    at = np.ravel_multi_index(tuple((places - around.start).T), around.weight.shape)
    values = ratios.values
    for k, width in enumerate(WIDTHS):
        sigma = around.sigma(wavelength, width)
        widened = dict(zip(values, around.widened(list(values.values()), sigma), strict=True))
        if width == SPREAD_WIDTH:
            spread = around.spread(widened[ENERGY])
        wide = {name: mean.ravel()[at] for name, mean in widened.items()}
        features[:, k, ENERGY] = np.log(np.maximum(wide[ENERGY], 1e-4)) / ENERGY_SCALE
        for name in (KURTOSIS, SKEWNESS):
            features[:, k, name] = wide[name]
        if ratios.over_solvent is not None:
            features[:, k, SHARE] = _signal(ratios.over_solvent * wide[ENERGY])
        if CORRELATION in values:
            total, rest = wide[HALF_SHARE], wide[CORRELATION]
            features[:, k, HALF_SHARE] = _signal(total)
            features[:, k, CORRELATION] = (total - rest) / np.maximum(total + rest, 1e-6)
    return spread


def _signal(over_noise: NDArray) -> NDArray:
    """Return the fraction of signal, from energies divided by that of the noise."""
    return 1 - 1 / np.maximum(over_noise, 0.5)


def bands_of(density: Density) -> NDArray[np.intp]:
    """Return the indices of a map's bands: from two voxels to half the box."""
    lengths = np.multiply(density.values.shape, density.spacing)
    return np.flatnonzero((density.nyquist <= WAVELENGTHS) & (0.5 * lengths.min() >= WAVELENGTHS))
