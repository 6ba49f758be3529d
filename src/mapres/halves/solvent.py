"""Correlation of two half maps in the solvent, where independent ones have none."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..arrays.interpolate import block_means
from ..arrays.nearby import near
from ..arrays.separable import gaussian_filtered
from ..fourier import Shells, forward, power_of
from ..mask import inscribed_ellipsoid
from .masking import BLOCK, EDGE, within

# Å from the molecule's mask, which has a margin of 3 Å, that is not yet solvent, and voxels at
# least: what surrounds it correlates, too.
REACH, FEWEST_VOXELS = 6.0, 2.0
# Standard error of the correlation above which there is too little solvent to tell.
LARGEST_ERROR = 0.025
# Of the finest shell: so far up, all shells are looked at.
LEAST = 0.8
# Voxels: so much solvent is plenty.
WINDOW = 64
Slices = tuple[slice, slice, slice]


def solvent_correlation(
    first: NDArray,
    second: NDArray,
    molecule: NDArray[np.bool_],
    spacing: float,
    quiet: NDArray[np.bool_] | None = None,
    finest: float | None = None,
    crossing: float | None = None,
) -> float | None:
    """Return the correlation in the solvent at high frequencies; None with too little solvent.

    It is the mean, by coefficients, over the shells beyond where their FSC falls below 0.143, if
    these lie in the finer half of all, and over the finest fifth at least: before, what they have
    in common does not decide, and at low frequencies may be no noise, such as detergent.

    Parameters
    ----------
    first, second : arrays, shape (z, y, x)
    molecule : bool array, shape (z, y, x)
    spacing : Å, the edge of a voxel
    quiet : bool array of blocks, see `mapres.halves.masking.quiet_blocks`
    finest : Å where the power of the maps ends
    crossing : Å where the FSC of the molecule falls below 0.143; None if nowhere
    """
    where = _window(molecule, quiet)
    weight = _solvent(molecule[where], spacing)
    if quiet is not None and quiet.any():
        weight *= within(first, second, quiet)[where]
    shells = Shells(weight.shape, spacing)
    transforms = [forward(_flat(half[where], weight)) for half in (first, second)]
    cross, *powers = shells.sums_of(
        lambda a, b: (a.real * b.real + a.imag * b.imag, power_of(a), power_of(b)), transforms
    )
    last = shells.nyquist if finest is None else int(1 / (finest * shells.width))
    beyond = 0 if crossing is None else round(1 / (crossing * shells.width))
    kept = slice(max(1, min(max(last // 2, beyond), int(LEAST * last))), last + 1)
    independent = 0.5 * shells.count[kept].sum() * float(np.mean(weight**2))
    power = np.sqrt(powers[0] * powers[1])[kept]
    if independent < LARGEST_ERROR**-2 or not power.all():
        return None
    return float(np.average(cross[kept] / power, weights=shells.count[kept]))


def _window(molecule: NDArray[np.bool_], quiet: NDArray[np.bool_] | None) -> Slices:
    """Return the part of the box, up to `WINDOW` voxels long, that holds most solvent."""
    free = 1 - block_means(molecule, BLOCK)
    free *= inscribed_ellipsoid(free.shape)
    if quiet is not None:
        free *= ~quiet
    sizes = tuple(min(n, WINDOW // BLOCK) for n in free.shape)
    sums = sliding_window_view(free, sizes).sum(axis=(3, 4, 5))
    first = np.unravel_index(int(np.argmax(sums)), sums.shape)
    # The last window takes incomplete blocks along.
    z, y, x = (
        slice(BLOCK * int(i), BLOCK * int(i + size) if i + size < m else n)
        for i, size, m, n in zip(first, sizes, free.shape, molecule.shape, strict=True)
    )
    return z, y, x


def _solvent(molecule: NDArray[np.bool_], spacing: float) -> NDArray[np.float32]:
    """Return a weight, 1 in the solvent and 0 near the molecule."""
    taken = near(molecule, max(REACH / spacing, FEWEST_VOXELS))
    (soft,) = gaussian_filtered([taken], (EDGE,) * 3, mode="reflect", truncate=3)
    return np.clip(1 - 2 * soft, 0, 1)


def _flat(values: NDArray, weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return values less their weighted mean, weighted."""
    total = float(weight.sum(dtype=np.float64))
    mean = float(np.sum(values * weight, dtype=np.float64)) / max(total, 1e-30)
    return (values - np.float32(mean)) * weight
