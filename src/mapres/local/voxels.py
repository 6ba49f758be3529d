"""From what is known of cells to the voxels of the map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .. import threads
from ..arrays.nearby import bounding_box
from ..arrays.separable import along_axes, linear_matrix
from ..features.cells import CellGrid
from ..progress import beat
from .method import MethodInput


def on_grid(
    ln_resolution: NDArray, grid: CellGrid, given: MethodInput
) -> tuple[tuple[slice, ...], list[NDArray[np.float32]]]:
    """Return the bounding box of the voxels inside, and Å of each level in it; 0 outside."""
    inside = given.inside
    box = bounding_box(inside)
    beat()
    levels = at_voxels(ln_resolution, grid, inside.shape, box)
    beat()
    finest = np.float32(given.density.nyquist)

    def convert(where: NDArray, *parts: NDArray) -> None:
        for part in parts:
            np.exp(part, out=part)
            np.maximum(part, finest, out=part)
            part *= where

    threads.in_planes(convert, inside[box], *levels)
    return box, levels


def at_voxels(
    found: NDArray, grid: CellGrid, shape: tuple[int, ...], box: tuple[slice, ...]
) -> list[NDArray[np.float32]]:
    """Interpolate from the centers of cells to the centers of the voxels of a part of the box.

    Parameters
    ----------
    found : array, shape (k, n), k values of each of the measured cells, which surround the part
    grid : where they are
    shape : of the whole box, voxels
    box : the part

    Returns
    -------
    k arrays, shape (z, y, x) of the part
    """
    whole = np.zeros((len(found), *grid.shape), dtype=np.float32)
    whole[(slice(None), *grid.places.T)] = found
    z, y, x = (linear_matrix(*each) for each in zip(grid.shape, shape, box, strict=True))
    return along_axes([*whole], (z, y, x))
