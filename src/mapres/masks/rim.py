"""The level of the solvent where a map has a constant rim, and the rim set to that."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..arrays.edges import background, edges
from ..arrays.nearby import bounding_box, near
from ..arrays.rim import MOST_OF_EDGES, constant_rim
from ..density import Density
from ..features.outliers import sample_of

# Fractions of the half axes of a solid: its outermost layer is filled to MOSTLY, and what is
# farther out to less than the rest. Masks of molecules fill at most half of the layer of the
# ellipsoid around them.
LAYER, BEYOND, MOSTLY = (0.85, 0.97), 1.04, 0.95
# Solids larger than the box, by their half axes: only its corners or edges are rim.
SIZES = (1.0, 1.06, 1.12, 1.18, 1.24, 1.3, 1.36)
# Of the standard deviation of the map; and fraction of the voxels that hold one value where there
# is no noise.
LEAST_NOISE, ONE_VALUE = 0.01, 0.3
# Fraction of the edges along x that holds the value of a rim around a solid: at most 2% do of noise
# in 8 bits, or of a map that is cut off at its top.
ON_EDGES = 0.1
# Coarser samples of the box are enough.
SAMPLES = 64
# Voxels: the widest soft edge of a rim. Rows across a face from which it is measured.
WIDEST, STEP, ROWS, FEWEST_ROWS = 12, 2, 32, 50
# Fraction of the step at the rim that is left where its edge ends.
LEFT = 0.05
# Standard deviations of the solvent's noise: a rim closer to its level makes no step; around what
# is no solid, some density beside the rim makes none either.
OFFSET, CLEAR_OFFSET = 0.5, 1.0
# Of that step: solvent beside a rim changes less over the first voxels; beside the masks of 21
# reconstructions of the validation split that follow the molecule, density by 0.58 and more.
FLAT = 0.3
# Skewness: a molecule in some solvent has 0.6 and more (masks that reach 3 to 15 Å beyond two of
# them), and less than 0.2 if it is cut at a contour of the smoothed density.
SKEWED = 0.4
# Of the distance of the least values from the middle ones: so long is the tail of noise at least,
# 0.27 in those; what is cut at a contour has none.
TAIL = 0.15


def leveled(density: Density) -> Density:
    """Return a map with its constant rim at the level of the solvent, and a note if that changed.

    Programs set 0 outside a sphere, and masks outside a molecule, whatever the level of the solvent
    inside. The step is no part of the molecule, but larger than it. Maps without a rim, or with one
    at that level, or without solvent inside, are returned as they are. Every analysis begins so.
    """
    values = density.values
    rim = constant_rim(values, ON_EDGES)
    if rim is None or (found := _solvent_inside(values, rim)) is None:
        return density
    outside, level = found
    note = (
        f"{density.name} is {background(values):.4g} outside a sphere, cylinder, box or mask, and "
        f"the solvent is at {level:.4g}; the outside was set to that."
    )
    filled = np.where(outside, np.float32(level), values)
    return replace(density, values=filled, notes=(*density.notes, note))


def _solvent_inside(
    values: NDArray[np.float32], rim: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], float] | None:
    """Return what is outside, bool (z, y, x), with its soft edge, and the level of the solvent.

    None if there is no step between the two.
    """
    noisy, constant = ~rim, background(values)
    profile = _profile(values, noisy)
    if profile is None:
        return None
    medians, noise = profile
    width, level = _end(medians, constant)
    if is_solid(values, noisy, SIZES):
        return (near(rim, width + 1), level) if abs(level - constant) > OFFSET * noise else None
    if np.mean(edges(values) == constant) < MOST_OF_EDGES:
        return None
    beside = _level_beside(values, rim, constant)
    return None if beside is None else (rim, beside)


def _level_beside(
    values: NDArray[np.float32], rim: NDArray[np.bool_], constant: float
) -> float | None:
    """Return the level of the solvent beside a rim of any shape; None if it makes no step."""
    close = near(rim, STEP)
    first = values[close & ~rim]
    level, spread = float(np.mean(first, dtype=np.float64)), float(np.std(first, dtype=np.float64))
    step = abs(level - constant)
    # Without noise there is a shape, such as a mask, and no solvent.
    if (
        spread <= LEAST_NOISE * float(np.std(values, dtype=np.float64))
        or step <= CLEAR_OFFSET * spread
    ):
        return None
    inside = sample_of(values[~rim])
    if _is_one(inside) or _is_cut(first) or abs(_skewness(inside)) < SKEWED:
        return None
    second = values[near(rim, 2 * STEP) & ~close]
    if not second.size or abs(float(np.mean(second, dtype=np.float64)) - level) > FLAT * step:
        return None
    return level


def _is_cut(values: NDArray[np.float32]) -> bool:
    """Return whether values end at a level, as above a contour, rather than in a tail."""
    least, low, middle, high, most = np.quantile(values, (0.001, 0.02, 0.5, 0.98, 0.999))
    return bool(low - least < TAIL * (middle - least) or most - high < TAIL * (most - middle))


def _skewness(values: NDArray[np.float32]) -> float:
    apart = values.astype(np.float64)
    apart -= apart.mean()
    return float(np.mean(apart**3) / max(float(np.std(apart)) ** 3, 1e-30))


def is_solid(
    values: NDArray, noisy: NDArray[np.bool_], sizes: tuple[float, ...] = SIZES[:1]
) -> bool:
    """Return whether a region is an ellipsoid, an elliptic cylinder or a box, full of noise.

    Parameters
    ----------
    values : array, shape (z, y, x)
    noisy : bool array of that shape, the region
    sizes : that the solid may have, over that of the one that fits into the region's box
    """
    if not noisy.any():
        return False
    box = bounding_box(noisy)
    coarse = tuple(slice(None, None, -(-n // SAMPLES)) for n in noisy[box].shape)
    part, some = noisy[box][coarse], values[box][coarse]
    solids = [*_solids(part.shape)]
    return any(_fills(some, part, radius / size) for size in sizes for radius in solids)


def _solids(shape: tuple[int, ...]) -> Iterator[NDArray]:
    """Yield the distance from the center, 1 at the surface, in solids that fit into a box."""
    z, y, x = np.meshgrid(
        *(np.abs(np.arange(n) - (n - 1) / 2) / (n / 2) for n in shape), indexing="ij", sparse=True
    )
    yield np.sqrt(z**2 + y**2 + x**2)
    for height, a, b in ((z, y, x), (y, x, z), (x, z, y)):
        yield np.maximum(height, np.sqrt(a**2 + b**2))
    yield np.maximum(np.maximum(z, y), x)


def _fills(values: NDArray, noisy: NDArray[np.bool_], radius: NDArray) -> bool:
    layer = (radius > LAYER[0]) & (radius < LAYER[1])
    beyond = noisy[radius > BEYOND]
    if not layer.any() or np.count_nonzero(beyond) > (1 - MOSTLY) * beyond.size:
        return False
    # A ball of one value is a mask, with a soft edge or without.
    noise = values[layer].std(dtype=np.float64) > LEAST_NOISE * values.std(
        dtype=np.float64
    ) and not _is_one(values[radius < 1])
    return bool(noise and noisy[layer].mean() > MOSTLY)


def _is_one(values: NDArray) -> bool:
    """Return whether values are mostly one, as in a mask: noise is not, even of 8 bits."""
    return bool(np.mean(values == np.median(values)) > ONE_VALUE)


def _profile(
    values: NDArray[np.float32], noisy: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], float] | None:
    """Return a map by depth inside its rim, in voxels, and the noise there; None without a rim.

    Medians over rows from all faces: some may meet the molecule. The noise is a standard deviation.
    """
    depths: list[NDArray] = []
    for axis in range(3):
        some_rows = tuple(
            slice(None, None, 1 if k == axis else max(1, n // ROWS))
            for k, n in enumerate(values.shape)
        )
        rows = np.moveaxis(values[some_rows], axis, -1).reshape(-1, values.shape[axis])
        inside = np.moveaxis(noisy[some_rows], axis, -1).reshape(rows.shape)
        for some, where in ((rows, inside), (rows[:, ::-1], inside[:, ::-1])):
            first = np.argmax(where, axis=1)
            kept = where.any(axis=1) & (first > 0) & (first + WIDEST < where.shape[1])
            at = first[kept, None] + np.arange(WIDEST)
            depths.append(np.take_along_axis(some[kept], at, axis=1))
    found = np.concatenate(depths).astype(np.float64)
    # In noise, single voxels of the box's edge have the value that is taken for a rim.
    if len(found) < FEWEST_ROWS:
        return None
    medians = np.median(found, axis=0)
    return medians, 1.4826 * float(np.median(np.abs(found - medians)))


def _end(profile: NDArray[np.float64], rim: float) -> tuple[int, float]:
    """Return how many voxels the soft edge of a rim is wide, and the level where it ends."""
    steps = np.abs(profile[STEP:] - profile[:-STEP])
    ended = np.flatnonzero(steps < LEFT * np.abs(profile[STEP:] - rim))
    width = int(ended[0]) if ended.size else 0
    return width, float(np.median(profile[width : width + 2 * STEP]))
