"""Copies of a molecule at several B factors, and how far each is resolved in given noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mapres.fourier import Shells, inverse, power_of, squared_frequency
from mapres.fsc import first_crossing
from training.simulate.recipe import Recipe

# Half-map signal-to-noise ratio at which FSC is 1/7 = 0.143 (Rosenthal & Henderson 2003).
CROSSING_SNR = 1.0 / 6.0
MAX_SPREADS = 2.0
# Of the resolution: copies that are filtered where regions have B factors of their own.
SOUGHT = np.geomspace(0.35, 4.0, 13)


def at_resolution(ratio: NDArray, shells: Shells, resolution: float) -> float:
    """Interpolate the logarithm of a curve over shells at 1/resolution (Å)."""
    return float(np.exp(np.interp(1 / resolution, shells.frequency, np.log(ratio + 1e-30))))


@dataclass(frozen=True, eq=False)
class Bank:
    """Copies of the molecule at several B factors: nominal resolution and power of each."""

    resolution: NDArray
    copies: list[NDArray[np.float32]]
    power: NDArray

    def blended(self, nominal: NDArray) -> NDArray[np.float32]:
        """Sum the copies, each weighted where its nominal resolution is the wanted one."""
        return blended(self.copies, self.resolution, nominal)

    def solved(
        self, wanted: NDArray, noise_power: NDArray, shells: Shells, recipe: Recipe
    ) -> NDArray[np.float32]:
        """Return the nominal resolutions at which a molecule is resolved as far as wanted.

        Its power falls by itself, the more so the coarser: B factors in proportion to the squares
        of what is wanted would make less difference than that.
        """
        middle = int(np.argmin(np.abs(np.log(self.resolution / recipe.resolution))))
        ratio = (
            at_resolution(self.power[middle] / noise_power, shells, recipe.resolution)
            / CROSSING_SNR
        )
        # Beyond the Nyquist limit, too: that limits the truth only in the end.
        crossings = self._crossings(ratio * noise_power, shells, 2 * recipe.voxel_size)
        rising = np.log(crossings) + 1e-6 * np.arange(len(crossings))
        found = np.interp(np.log(wanted), rising, np.log(self.resolution))
        return np.exp(found).astype(np.float32)

    def _crossings(self, noise_power: NDArray, shells: Shells, nyquist: float) -> NDArray:
        log_snr = np.log(self.power / noise_power + 1e-30)
        level = np.log(CROSSING_SNR)
        found = [crossing(shells.frequency, curve, level, nyquist) for curve in log_snr]
        # More B is never better, whatever a noisy shell shows.
        return np.maximum.accumulate(found)


def _levels(recipe: Recipe) -> NDArray[np.float64]:
    """Return the nominal resolutions that copies are filtered to, Å."""
    if recipe.regional:
        return recipe.resolution * SOUGHT
    if recipe.spread == 0:
        return np.array([recipe.resolution])
    finest, coarsest = (float(np.exp(n * recipe.spread)) for n in (-MAX_SPREADS, MAX_SPREADS))
    # Neighboring copies differ by 12% in resolution, which blends without a seam.
    count = int(np.ceil(np.log(coarsest / finest) / 0.12)) + 1
    return recipe.resolution * np.geomspace(finest, coarsest, count)


def filtered_bank(molecule: NDArray, recipe: Recipe, shells: Shells) -> Bank:
    """Filter a molecule, given as its transform, by B factors about that of a recipe."""
    levels, s2 = _levels(recipe), squared_frequency(recipe.shape, recipe.voxel_size)
    copies, powers = [], []
    for b_factor in recipe.b_scale * levels**2:
        damped = molecule * np.exp(np.float32(-0.25 * b_factor) * s2)
        copies.append(inverse(damped, recipe.shape))
        powers.append(shells.means(power_of(damped)))
    return Bank(levels, copies, np.array(powers))


def blended(copies: list[NDArray], levels: NDArray, wanted: NDArray) -> NDArray[np.float32]:
    """Sum copies of a map, each weighted where its level is the wanted one, linearly in ln Å."""
    place = np.interp(np.log(wanted), np.log(levels), np.arange(len(copies)))
    total = np.zeros(wanted.shape, dtype=np.float32)
    for level, copy in enumerate(copies):
        total += np.clip(1 - np.abs(place - level), 0, None).astype(np.float32) * copy
    return total


def crossing(frequency: NDArray, curve: NDArray, level: float, nyquist: float) -> float:
    """Return 1/s (Å) where a curve first falls below ``level``, the first shell at the coarsest."""
    kept = (frequency > 0) & (frequency <= 1 / nyquist)
    frequency, curve = frequency[kept], curve[kept]
    found = first_crossing(frequency, curve, np.full(curve.shape, level), nyquist)
    return float(1 / frequency[0]) if found is None else found
