"""Resampling of a local resolution from any grid to the voxels of a map, where it holds data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..arrays.edges import faces
from ..arrays.nearby import near
from ..density import Density

# Å. ResMap writes 100, Bsoft 200 where nothing is resolved, and most programs 0 for background.
UNRESOLVED = 100.0
# Fraction of a sample's weight that must come from known voxels.
KNOWN_FRACTION = 0.5
# Fraction of the outermost voxels that have one value, where programs write it for no data; how
# many such values there may be, and the fewest voxels.
REPEATED, MOST_REPEATED, FEWEST = 0.5, 3, 27
# Methods that try resolutions in steps give so few values. A value that is reached in steps of
# usual size, from one side, is data.
FEW_STEPS, JUMP, ONE_SIDED = 256, 3.0, 0.98


def grid_to_grid(density: Density, other: Density) -> NDArray[np.float64]:
    """Return the (3, 4) matrix from voxel indices of a map to those of another, along z, y, x.

    Many programs write results without an origin: if one of two boxes of the same size has none,
    they are assumed to coincide.
    """
    scale = np.divide(density.voxel_size, other.voxel_size)
    shift = np.subtract(density.origin, other.origin) / other.voxel_size
    both = any(density.origin) and any(other.origin)
    ours, theirs = (np.multiply(d.values.shape[::-1], d.voxel_size) for d in (density, other))
    if not both and np.all(np.abs(ours - theirs) <= max(density.spacing, other.spacing)):
        shift = np.zeros(3)
    return np.column_stack([np.diag(scale[::-1]), shift[::-1]])


def known_resolutions(values: NDArray) -> NDArray[np.bool_]:
    """Return where an array holds a resolution: finite, above 0 and below 100 Å."""
    return np.isfinite(values) & (values > 0) & (values < UNRESOLVED)


def with_data_only(values: NDArray) -> tuple[NDArray[np.float32], list[float]]:
    """Return a local resolution without what stands for no data, and the values that do.

    That is all that is no resolution, see `known_resolutions`, and any single value that most of
    the outermost voxels have, whatever it is: the coarsest that was tried, for example.

    Parameters
    ----------
    values : array, shape (z, y, x), Å

    Returns
    -------
    float32 array, shape (z, y, x), Å, NaN without data; and the repeated values
    """
    known = known_resolutions(values)
    found: list[float] = []
    while len(found) < MOST_REPEATED and (value := _repeated(values, known)) is not None:
        known &= values != value
        found.append(float(value))
    return np.where(known, values, np.float32(np.nan)).astype(np.float32), found


def _repeated(values: NDArray, known: NDArray[np.bool_]) -> np.floating | None:
    """Return the value of most of the outermost known voxels, if it stands for no data."""
    outermost = near(~known, 1.0)
    for axis in range(3):
        np.moveaxis(outermost, axis, 0)[[0, -1]] = True
    outermost &= known
    each, counts = np.unique(values[outermost], return_counts=True)
    if each.size == 0 or counts.max() < max(FEWEST, REPEATED * counts.sum()):
        return None
    value = each[np.argmax(counts)]
    same = known & (values == value)
    rest = known & ~same
    if np.count_nonzero(rest) < FEWEST:
        # A constant is data.
        return None
    if values[rest].min() < value < values[rest].max() and not _fills_faces(values, value):
        # So is one step of many, of a molecule with no data around.
        return None
    beside = values[near(same, 1.0) & rest]
    return None if beside.size and _levels_off(values, rest, beside - value) else value


def _levels_off(values: NDArray, rest: NDArray[np.bool_], apart: NDArray) -> bool:
    """Return whether a resolution reaches its coarsest, or finest, value in small steps.

    Then that is data, extended outward; no data begins with a jump.

    Parameters
    ----------
    values : array, shape (z, y, x), Å
    rest : bool array of that shape, where they are others
    apart : array, how far those beside that value are from it, Å
    """
    changes = np.abs(np.diff(values, axis=2))[rest[:, :, 1:] & rest[:, :, :-1]]
    usual = float(np.mean(changes[changes > 0])) if changes.any() else 0.0
    steps = np.unique(values[rest])
    if steps.size <= FEW_STEPS:
        usual = max(usual, _step(steps))
    one_sided = max(np.mean(apart > 0), np.mean(apart < 0)) > ONE_SIDED
    return bool(one_sided and np.median(np.abs(apart)) <= JUMP * usual)


def _fills_faces(values: NDArray, value: np.floating) -> bool:
    return bool(np.mean(faces(values) == value) >= REPEATED)


def _step(steps: NDArray) -> float:
    return float(np.median(np.diff(steps))) if steps.size > 1 else 0.0


def sampled(other: NDArray, to_other: NDArray, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return a local resolution at the voxels of another grid.

    Parameters
    ----------
    other : array, shape (z, y, x), Å
    to_other : array, shape (3, 4), from voxel indices (z, y, x, 1) of the wanted grid to those of
        ``other``
    shape : of the wanted grid

    Returns
    -------
    float32 array, Å: interpolated among known values only, see `known_resolutions`; NaN where less
        than half of the weight is known
    """
    values = np.asarray(other, dtype=np.float32)
    known = known_resolutions(values)
    matrix, offset = to_other[:, :3], to_other[:, 3]
    if shape == values.shape and np.allclose(matrix, np.eye(3), atol=1e-4) and not offset.any():
        return np.where(known, values, np.float32(np.nan))
    weight, weighted = (
        ndimage.affine_transform(part.astype(np.float32), matrix, offset, shape, order=1)
        for part in (known, np.where(known, values, 0))
    )
    near = weight > KNOWN_FRACTION
    return np.where(near, weighted / np.where(near, weight, 1), np.float32(np.nan))
