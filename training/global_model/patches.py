"""Labeled patches of simulated maps: what the default network learns from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mapres.density import Density
from mapres.errors import MapContentError
from mapres.features.outliers import without_outliers
from mapres.features.patches import (
    PATCH,
    VOXEL_SIZE,
    Patches,
    cut_patches,
    patch_centers,
    window_of,
    window_start,
)
from mapres.features.profile import profile
from mapres.features.spectra import measure_spectra
from mapres.mask import solvent_mask
from training.simulate.draw import Example


def label_patches(
    example: Example, count: int
) -> tuple[Patches, NDArray[np.float32], NDArray[np.float32]]:
    """Cut patches as prediction does where it finds a molecule, and label each.

    The label is the map's resolution, changed by how far the mean ln r(x) over what the patch shows
    of the molecule is from that over all of it.

    Returns
    -------
    Patches, the profile of the map, shape (4, 75), and a float32 array, shape (n,), of resolutions
    in Å. Patches with under 2% molecule are left out.

    Raises
    ------
    MapResError
        If no molecule is found in the map, or only where there is none.
    """
    mask = solvent_mask(example.density)
    centers = patch_centers(example.density, mask, count)
    kept, labels = [], []
    everywhere = np.log(example.truth[example.mask]).mean()
    for index, center in enumerate(centers):
        near = shown_by_patch(example.density, center)
        inside = example.mask[near]
        if inside.mean() > 0.02:
            kept.append(index)
            here = np.log(example.truth[near][inside]).mean()
            labels.append(example.resolution * np.exp(here - everywhere))
    if not kept:
        raise MapContentError(f"no patch of {example.structure_id} shows much of the molecule.")
    patches = cut_patches(example.density, centers[np.array(kept, dtype=int)])
    seen = profile(measure_spectra(without_outliers(example.density), mask))
    return patches, seen, np.array(labels, dtype=np.float32)


def shown_by_patch(density: Density, center: NDArray[np.intp]) -> tuple[slice, slice, slice]:
    """Return the voxels of the map that the patch of a center shows.

    They are those around the center, unless the window had to be moved to stay inside the box.
    """
    edge, _ = window_of(density.spacing)
    half = 0.5 * PATCH * VOXEL_SIZE / density.spacing
    starts = (
        window_start(middle, n, edge)
        for middle, n in zip(center, density.values.shape, strict=True)
    )
    middles = [start + edge / 2 for start in starts]
    z, y, x = (slice(max(0, round(m - half)), max(0, round(m + half))) for m in middles)
    return z, y, x
