"""Half maps: whether they can be used, with their map and together, and their FSC resolution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .arrays.separable import gaussian_filtered
from .density import Density, checked, require_same_grid, require_shape, safely_scaled
from .fsc import fourier_shell_correlation
from .threads import in_planes

HalfMaps = tuple[Density, Density]
# Independent noise makes half maps differ by more than this fraction of their own spread.
LEAST_DIFFERENCE = 1e-3
SOFT_EDGE = 3.0


def checked_with_half_maps(
    density: Density, half_maps: HalfMaps | None
) -> tuple[Density, HalfMaps | None]:
    """Return a map and its half maps if they can be analyzed, scaled so that powers fit in float32.

    Raises
    ------
    MapContentError
        If one cannot be analyzed, see `mapres.density.checked`.
    GridMismatchError
        If a half map has another grid than the map.
    """
    checked(density)
    for half in half_maps or ():
        require_same_grid(density, checked(half), "half map")
    (density,) = safely_scaled((density,))
    return density, half_maps and safely_scaled(half_maps)


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
    """Return where the FSC inside the molecule falls below 0.143 (Å), None if never above.

    The mask gets a 3 Å soft edge, and is corrected for by phase randomization.
    """
    sigma = SOFT_EDGE / density.spacing
    (soft,) = gaussian_filtered([inside], (sigma,) * 3, mode="reflect", truncate=4)
    first, second = (half.values for half in half_maps)
    curve = fourier_shell_correlation(first, second, density.voxel_size, soft)
    return curve.resolution["0.143"]
