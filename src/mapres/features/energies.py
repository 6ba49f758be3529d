"""Energies of one band of a map, relative to their means, and their averages over windows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from .. import threads
from ..progress import beat
from .apodized import Transform
from .bands import Band
from .profile import UNSEEN
from .windows import SPREAD_WIDTH, WIDTHS, LocalWindows

# Channels of every band. Energy: relative to its mean in the molecule. Share: fraction of signal,
# by comparison with the solvent; by half maps, with their mean difference. Correlation: of half
# maps, locally.
ENERGY, SHARE, KURTOSIS, SKEWNESS, CORRELATION, HALF_SHARE = range(6)
CHANNELS = 6
# Those of a map without half maps come first.
OF_ONE_MAP = 4
# Channels of the whole molecule, in every band. Spread: of ln energy over the molecule.
MEAN_LEVEL, MEAN_SHARE, MEAN_KURTOSIS, MEAN_SPREAD, MEAN_CORRELATION = range(5)
MEANS = 5
# Divisor of ln energy, about ±6, and the most of any channel.
ENERGY_SCALE = 3.0
MOST = 3.0


@dataclass(frozen=True, eq=False)
class Energies:
    """Energies of one band in the cells of the box of `LocalWindows`.

    Attributes
    ----------
    wavelength : Å
    ln_power : ln of the mean power in the molecule
    weighted : by channel, what is averaged over windows, times the weight: energies over their
        mean, the moments, and the energies of the half maps' mean and difference over the mean
        difference
    over_solvent : the mean energy over that of the solvent; None without solvent
    """

    wavelength: float
    ln_power: float
    weighted: dict[int, NDArray[np.float32]]
    over_solvent: float | None


def measure_energies(
    transforms: list[Transform],
    band: Band,
    exposure: NDArray,
    around: LocalWindows,
    means: NDArray,
) -> Energies | None:
    """Measure one band of every cell of the box, and fill in its means, shape (MEANS,).

    Parameters
    ----------
    transforms : of the map, and of the mean and the difference of its half maps, if there are any
    band : the band
    exposure : array, shape (z, y, x), see `Band.exposure`
    around : the cells
    means : of the whole molecule; not filled in if there is no power: the result is then None
    """
    moments = band.about(transforms[0], (2, 3, 4))
    energy = moments[0] / exposure
    noise = around.solvent_mean(energy, band.wavelength)
    moments = moments[(slice(None), *around.box)]
    energy, exposure = energy[around.box], exposure[around.box]
    mean = around.molecule_mean(energy)
    if not mean > 0:
        return None
    gaussian = 3 * around.molecule_mean(moments[0], power=2)
    kurtosis = around.molecule_mean(moments[2]) / max(gaussian, 1e-30)
    means[MEAN_KURTOSIS] = np.log(max(kurtosis, 1e-3))
    weighted = dict(zip((ENERGY, SKEWNESS, KURTOSIS), moments, strict=True))
    _relate(weighted, energy, mean, around.weight)
    over_solvent = None
    if noise is not None:
        means[MEAN_SHARE] = np.clip(1 - noise / mean, -1, 1)
        over_solvent = mean / max(noise, 1e-6 * mean)
    if len(transforms) == 3:
        weighted |= _of_half_maps(transforms[1:], band, exposure, around, means)
    return Energies(band.wavelength, _per_coefficient(mean, band), weighted, over_solvent)


def _relate(moments: dict[int, NDArray], energy: NDArray, mean: float, weight: NDArray) -> None:
    """Turn the moments of a band into what is averaged over windows, in place."""

    def relate(planes: range) -> None:
        rows = slice(planes.start, planes.stop)
        second, third, fourth = (moments[m][rows] for m in (ENERGY, SKEWNESS, KURTOSIS))
        # Squares of smaller values underflow in float32.
        valid = energy[rows] > max(1e-12 * mean, 1e-18)
        second = np.where(valid, second, np.float32(mean))
        # Without a band, moments are 0.
        fourth[:] = np.log(np.clip(fourth / (3 * second**2), 1e-3, 1e3)) * (valid * weight[rows])
        third /= second * np.sqrt(second)
        third *= valid * weight[rows]
        np.multiply(energy[rows], weight[rows] / np.float32(mean), out=moments[ENERGY][rows])

    threads.run_each(relate, threads.parts_of(len(energy), energy[0].size))


def _of_half_maps(
    transforms: list[Transform],
    band: Band,
    exposure: NDArray,
    around: LocalWindows,
    means: NDArray,
) -> dict[int, NDArray[np.float32]]:
    """Return the weighted energies of the half maps' mean and difference."""
    total, rest = (
        band.about(transform, (2,))[0][around.box] / exposure for transform in transforms
    )
    both, noise = around.molecule_mean(total), around.molecule_mean(rest)
    means[MEAN_CORRELATION] = (both - noise) / max(both + noise, 1e-30)
    scaled = around.weight / np.float32(max(noise, 1e-6 * both, 1e-30))
    return {HALF_SHARE: total * scaled, CORRELATION: rest * scaled}


def ln_power(transform: Transform, band: Band, exposure: NDArray, around: LocalWindows) -> float:
    """Return `Energies.ln_power` of a map's transform, -inf if there is no power."""
    (moment2,) = band.about(transform, (2,))
    return _per_coefficient(around.molecule_mean((moment2 / exposure)[around.box]), band)


def _per_coefficient(mean: float, band: Band) -> float:
    """Return ln of a mean power: a band holds wavelength^-3 coefficients per volume."""
    return float(np.log(mean * band.wavelength**3)) if mean > 0 else float("-inf")


def fill_in(
    features: NDArray[np.float16], energies: Energies, around: LocalWindows, places: NDArray
) -> float:
    """Average a band over windows; fill in the channels of cells.

    Parameters
    ----------
    features : shape (WIDTHS, channels, n), contiguous along cells
    energies : of the band
    around : the cells
    places : int array, shape (n, 3), of the cells, ordered by z

    Returns
    -------
    The spread of ln energy over the molecule.
    """
    beat()
    names, arrays = [*energies.weighted], [around.weight, *energies.weighted.values()]
    windows = [around.window(energies.wavelength, width) for width in WIDTHS]
    planes_of = places[:, 0] - around.start[0]

    def fill(task: tuple[int, range]) -> NDArray | None:
        k, planes = task
        cells = slice(*np.searchsorted(planes_of, [planes.start, planes.stop]))
        weight, *totals = around.over_window(arrays, windows[k], planes)
        within = places[cells] - around.start - [planes.start, 0, 0]
        at = np.ravel_multi_index(tuple(within.T), weight.shape)
        means = (total.take(at) / weight.take(at) for total in totals)
        _channels(features[k, :, cells], dict(zip(names, means, strict=True)), energies)
        if WIDTHS[k] != SPREAD_WIDTH:
            return None
        inside = around.molecule[planes.start : planes.stop]
        energy = totals[names.index(ENERGY)][inside] / weight[inside]
        return np.log(np.maximum(energy, 1e-30))

    planes_of_task = threads.parts_of(len(around.molecule), around.molecule[0].size)
    tasks = product(range(len(WIDTHS)), planes_of_task)
    spread = [found for found in threads.run_each(fill, tasks) if found is not None]
    return float(np.concatenate(spread).std())


def _channels(features: NDArray, means: dict[int, NDArray], energies: Energies) -> None:
    """Fill in the channels, shape (channels, n), of cells from means over their windows."""
    channels = {
        ENERGY: np.log(np.maximum(means[ENERGY], 1e-4)) / ENERGY_SCALE,
        KURTOSIS: means[KURTOSIS],
        SKEWNESS: means[SKEWNESS],
    }
    if energies.over_solvent is not None:
        channels[SHARE] = _signal(energies.over_solvent * means[ENERGY])
    if CORRELATION in means:
        total, rest = means[HALF_SHARE], means[CORRELATION]
        channels[HALF_SHARE] = _signal(total)
        channels[CORRELATION] = (total - rest) / np.maximum(total + rest, 1e-6)
    for name, values in channels.items():
        features[name] = np.clip(values, UNSEEN, MOST)


def _signal(over_noise: NDArray) -> NDArray:
    """Return the fraction of signal, from energies divided by that of the noise."""
    return 1 - 1 / np.maximum(over_noise, 0.5)
