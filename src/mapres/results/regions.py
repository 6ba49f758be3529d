"""The lowest-resolution regions of a map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..arrays.interpolate import block_means
from ..local.resolution import LocalResolution

# Å: edge of the averaged blocks, standard deviation of the window around each, and least distance
# between regions. A window of 5 Å covers about a residue and its neighbors.
BLOCK, WINDOW, APART = 4.0, 5.0, 20.0


@dataclass(frozen=True)
class Region:
    """A region of a map.

    Attributes
    ----------
    place : its center, voxels along z, y, x
    mean : its local resolution, Å
    """

    place: tuple[float, float, float]
    mean: float


def worst_regions(result: LocalResolution, voxel_size: float, count: int = 5) -> list[Region]:
    """Return the regions of the coarsest local resolution, worst first.

    Only regions coarser than the map's median count, so there may be fewer, or none.

    Parameters
    ----------
    result : the local resolution of a map
    voxel_size : Å
    count : how many at most
    """
    factor = max(1, round(BLOCK / voxel_size))
    spacing = factor * voxel_size
    fraction = block_means(result.mask, factor)
    inside = fraction > 0.5
    total = block_means(np.where(result.mask, result.values, 0), factor)
    fraction, total = (
        ndimage.gaussian_filter(each, WINDOW / spacing) for each in (fraction, total)
    )
    means = np.where(inside, total / np.maximum(fraction, 1e-6), 0)
    places = np.argwhere(inside & (means > result.median))
    places = places[np.argsort(-means[tuple(places.T)], kind="stable")]
    regions: list[Region] = []
    while len(places) and len(regions) < count:
        worst = places[0]
        z, y, x = (float(factor * (k + 0.5) - 0.5) for k in worst)
        regions.append(Region((z, y, x), float(means[tuple(worst)])))
        places = places[np.linalg.norm(places - worst, axis=1) * spacing >= APART]
    return regions
