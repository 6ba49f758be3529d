"""Resampling of a local resolution from any grid to the voxels of a map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..density import Density

# Å. ResMap writes 100, Bsoft 200 where nothing is resolved, and most programs 0 for background.
UNRESOLVED = 100.0
# Fraction of a sample's weight that must come from known voxels.
KNOWN_FRACTION = 0.5


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
