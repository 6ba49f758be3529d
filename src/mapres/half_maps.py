"""Half maps: whether they can be used, with their map and together, and their FSC resolution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arrays.nearby import near
from .arrays.separable import gaussian_filtered
from .density import Density, checked, require_same_grid, require_shape, safely_scaled
from .errors import MapContentError
from .fsc import fourier_shell_correlation
from .masks.rim import leveled
from .threads import in_planes

HalfMaps = tuple[Density, Density]
# Independent noise makes half maps differ by more than this fraction of their own spread.
LEAST_DIFFERENCE = 1e-3
# Å: the mask of their FSC ends so far outside the molecule that is found, which has a margin of 3 Å
# already, and falls there with this standard deviation, over about 5 Å: as laboratories' masks do.
# At least 2 voxels and 1, so that large voxels have an edge, too. Of 41 validation reconstructions
# the FSC is then 0.995 of RELION's in the median (0.965 to 1.025 for nine in ten); at 2.5 Å 0.983.
BEYOND, EDGE = 4.0, 1.2
# Å: nine in ten masks of laboratories, which begin to fall 2 to 8 Å outside the molecule and do so
# over 3 to 8 Å, fall to a half within so much of where theirs does in the mean.
FREEDOM = 3.0
# Å: of voxels at least so long, volumes are within a few percent.
COARSE = 2.0


def checked_with_half_maps(
    density: Density, half_maps: HalfMaps | None
) -> tuple[Density, HalfMaps | None]:
    """Return a map and its half maps if they can be analyzed, scaled so that powers fit in float32.

    A constant rim gets the level of the solvent, see `mapres.masks.rim.leveled`.

    Raises
    ------
    MapContentError
        If one cannot be analyzed, see `mapres.density.checked`.
    GridMismatchError
        If a half map has another grid than the map.
    """
    checked(density)
    for half in half_maps or ():
        require_same_grid(density, checked_half_map(half), "half map")
    (density,) = safely_scaled((leveled(density),))
    return density, half_maps and safely_scaled((leveled(half_maps[0]), leveled(half_maps[1])))


def checked_half_map(half: Density) -> Density:
    """Return a half map if it can be analyzed.

    Raises
    ------
    MapContentError
        See `mapres.density.checked`; or if it has two values only, like a mask.
    """
    values = checked(half).values
    lowest, highest = values.min(), values.max()
    if np.all((values == lowest) | (values == highest)):
        raise MapContentError(f"{half.name} has only two values, like a mask; give a half map.")
    return half


def mean_and_difference(first: NDArray, second: NDArray) -> tuple[NDArray, NDArray]:
    """Return the mean of two half maps and half their difference: signal and noise.

    Raises
    ------
    GridMismatchError
        If they have different shapes.
    """
    first, second = (np.asarray(half, dtype=np.float32) for half in (first, second))
    require_shape(first.shape, second.shape, "the half maps")
    return (first + second) / 2, (first - second) / 2


def same_map(first: NDArray, second: NDArray) -> bool:
    """Return whether two maps are equal up to rounding, a factor and an offset.

    The difference of two maps of mean 0 and variance 1 has the variance 2 - 2r, where r is their
    correlation.
    """
    origins = first.flat[0], second.flat[0]

    def sums(*parts: NDArray) -> NDArray:
        # From a value of their own, so that offsets do not take the digits.
        a, b = (np.subtract(p, o, dtype=np.float64) for p, o in zip(parts, origins, strict=True))
        return np.array([a.sum(), b.sum(), np.vdot(a, a), np.vdot(b, b), np.vdot(a, b)])

    a, b, aa, bb, ab = np.sum(in_planes(sums, first, second), axis=0) / first.size
    spread = np.sqrt((aa - a * a) * (bb - b * b))
    return float(spread - (ab - a * b)) < 0.5 * LEAST_DIFFERENCE**2 * float(spread)


def correlate(half_maps: HalfMaps, inside: NDArray[np.bool_]) -> bool:
    """Return whether two half maps correlate inside the molecule."""
    first, second = (half.values[inside] for half in half_maps)
    common = (first - first.mean()) * (second - second.mean())
    return float(common.mean(dtype=np.float64)) > 0


def half_map_resolution(
    density: Density, half_maps: HalfMaps, inside: NDArray[np.bool_]
) -> float | None:
    """Return where the FSC around the molecule falls below 0.143 (Å), None if never above.

    The mask has a soft edge outside the molecule, see `fsc_mask`, and is corrected for by phase
    randomization.
    """
    first, second = (half.values for half in half_maps)
    mask = fsc_mask(inside, density.spacing)
    curve = fourier_shell_correlation(first, second, density.voxel_size, mask)
    return curve.resolution["0.143"]


def fsc_mask(inside: NDArray[np.bool_], spacing: float) -> NDArray[np.float32]:
    """Return a molecule's mask as practice has it for an FSC: it falls from 1 to 0 outside, softly.

    Parameters
    ----------
    inside : bool array, shape (z, y, x), the molecule
    spacing : Å, the edge of a voxel
    """
    grown = near(inside, mask_reach(spacing) / spacing)
    sigma = max(EDGE / spacing, 1.0)
    (soft,) = gaussian_filtered([grown], (sigma,) * 3, mode="reflect", truncate=3)
    return soft


def mask_freedom(inside: NDArray[np.bool_], spacing: float) -> tuple[float, float]:
    """Return the volumes of the narrowest and widest masks of laboratories over that of `fsc_mask`.

    Parameters
    ----------
    inside : bool array, shape (z, y, x), the molecule
    spacing : Å, the edge of a voxel
    """
    step, reach = max(1, int(COARSE / spacing)), mask_reach(spacing)
    thinned = np.ascontiguousarray(inside[::step, ::step, ::step])
    distances = 0.0, reach, reach + FREEDOM
    none, own, wide = (
        float(np.count_nonzero(near(thinned, distance / (step * spacing))))
        for distance in distances
    )
    # As volumes grow nearly with the square (Steiner), while voxels are too coarse for 1 Å.
    grows = np.polyfit(distances, (none, own, wide), 2)
    narrow = float(np.polyval(grows, reach - FREEDOM))
    return (narrow / own, wide / own) if own else (1.0, 1.0)


def mask_reach(spacing: float) -> float:
    """Return how far outside the molecule (Å) `fsc_mask` falls to a half."""
    return max(BEYOND, 2 * spacing)
