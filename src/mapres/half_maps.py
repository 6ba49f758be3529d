"""Half maps: whether two of them are what they should be, and what they say of the resolution."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .checks.registration import registration
from .density import Density, require_shape
from .fsc import fourier_shell_correlation

HalfMaps = tuple[Density, Density]
# Correlation within the mask: sharpening lowers it, but half maps of another molecule give 0.
LITTLE_AGREEMENT = 0.2
# Independent noise keeps any two half maps further apart than this fraction of their own spread.
LEAST_DIFFERENCE = 1e-3
SOFT_EDGE = 3.0


def mean_and_difference(first: NDArray, second: NDArray) -> tuple[NDArray, NDArray]:
    """Return half of two half maps' sum and half of their difference: signal and noise.

    Raises
    ------
    GridMismatchError
        If they have different shapes.
    """
    first, second = (np.asarray(half, dtype=np.float32) for half in (first, second))
    require_shape(first.shape, second.shape, "the half maps")
    return (first + second) / 2, (first - second) / 2


def pair_doubts(
    half1: Density, half2: Density, inside: NDArray[np.bool_] | None = None
) -> Iterator[str]:
    """Say why two maps can hardly be independent half maps on one grid; nothing where they may be.

    Another scale or offset is no reason.

    Parameters
    ----------
    half1, half2 : on the same grid
    inside : bool array, shape (z, y, x), the molecule; None for the whole box
    """
    if _same(half1.values, half2.values):
        yield "The two half maps are the same map; give two independent ones."
        return
    everywhere = np.ones(half1.values.shape, dtype=bool)
    found = registration(half1.values, half2.values, everywhere if inside is None else inside)
    if found.sign < 0:
        yield f"{half2.name} has the opposite sign of {half1.name}; multiply one of them by -1."
    if any(found.shift):
        z, y, x = found.shift
        yield (
            f"{half2.name} is shifted against {half1.name} by {x}, {y}, {z} voxels along x, y, z; "
            "give the half maps of one reconstruction, or shift one of them back."
        )


def _same(first: NDArray, second: NDArray) -> bool:
    """Return whether two maps differ by no more than rounding, a factor and a constant."""
    first, second = ((half - half.mean()) / half.std() for half in (first, second))
    return float((first - second).std()) < LEAST_DIFFERENCE


def usable(half_maps: HalfMaps, inside: NDArray[np.bool_]) -> bool:
    """Return whether two half maps differ, and have anything in common inside the molecule."""
    first, second = (half.values for half in half_maps)
    if _same(first, second):
        return False
    common = (first - first[inside].mean()) * (second - second[inside].mean())
    return float(common[inside].mean(dtype=np.float64)) > 0


def half_map_doubts(
    density: Density, half_maps: HalfMaps, inside: NDArray[np.bool_]
) -> Iterator[str]:
    """Say why two half maps can hardly be those of the map; nothing where they may be.

    Parameters
    ----------
    density : the map
    half_maps : on its grid
    inside : bool array, shape (z, y, x), the molecule
    """
    wrong = list(pair_doubts(*half_maps, inside))
    yield from wrong
    if wrong:
        # The mean of halves of opposite sign, say, is noise: it tells nothing of the map.
        return
    first, second = (half.values for half in half_maps)
    mean = first[inside] / first.std() + second[inside] / second.std()
    agreement = float(np.corrcoef(mean, density.values[inside])[0, 1])
    if not agreement >= LITTLE_AGREEMENT:
        yield (
            f"The half maps correlate only {agreement:.2f} with {density.name}; "
            "check that they belong to it."
        )


def half_map_resolution(
    density: Density, half_maps: HalfMaps, inside: NDArray[np.bool_]
) -> float | None:
    """Return where the FSC inside the molecule falls below 0.143 (Å), None if it is never above.

    The mask gets a 3 Å soft edge, and what it alone makes is taken off by phase randomization.
    """
    soft = ndimage.gaussian_filter(inside.astype(np.float32), SOFT_EDGE / density.spacing)
    first, second = (half.values for half in half_maps)
    curve = fourier_shell_correlation(first, second, density.voxel_size, soft)
    return curve.resolution["0.143"]
