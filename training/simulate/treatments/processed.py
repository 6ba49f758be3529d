"""Maps as programs leave them that change densities one by one, or filter parts of a map only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from training.simulate.draw import Example
from training.simulate.masks import gaussian_smoothed
from training.simulate.treatments.deposit import filtered_locally, low_passed

# Of the height of the molecule above the solvent.
CONTOUR = 0.2
# How much finer the grid is that a map is interpolated on.
FINER = 1.3
# Resolutions of filters of parts, over that of the map or of the place.
COARSER, OWN = 1.5, 1.2
# Å: over which two parts of a map are blended.
SEAM = 2.0


def changed_one_by_one(e: Example) -> dict[str, NDArray[np.float32]]:
    """Return a map with its densities cut off or changed by a curve, by what was done."""
    values = e.density.values
    level = np.float32(np.median(values[~e.mask]))
    height = np.float32(np.percentile(values[e.mask], 99)) - level
    above = (values - level) / height
    changed = {
        "cut off at the solvent": np.maximum(above, 0),
        "0 below a contour": np.where(above > CONTOUR, values, 0),
        "cut off at half of its height": np.minimum(above, 0.5),
        "0 about the solvent": np.where(np.abs(above) < CONTOUR, 0, values),
        "cut off at 0, then interpolated": ndimage.zoom(np.maximum(above, 0), FINER, order=1),
        "the same by splines": ndimage.zoom(np.maximum(above, 0), FINER, order=3),
        "squares": np.sign(above) * above**2,
        "roots": np.sign(above) * np.sqrt(np.abs(above)),
        "saturated": np.tanh(2 * above),
        "softly cut off": np.logaddexp(0, 12 * above),
        "as by a network": _denoised(above, e),
    }
    return {what: each.astype(np.float32) for what, each in changed.items()}


def _denoised(above: NDArray, e: Example) -> NDArray:
    """Return densities over those around, without the weak ones and the solvent."""
    spacing = e.density.spacing
    around = np.sqrt(np.maximum(gaussian_smoothed(above**2, 4.0 / spacing), 0))
    mask = gaussian_smoothed(e.mask.astype(np.float32), 2.0 / spacing)
    strong = above / np.maximum(around, 1e-3 * around.max()) - 0.8
    return np.clip(strong, 0, None) ** 1.5 * mask


def filtered_in_parts(e: Example) -> dict[str, NDArray[np.float32]]:
    """Return a map of which a half is low-passed, or every place at its own resolution."""
    values, size = e.density.values - np.median(e.density.values), e.density.voxel_size[0]
    half = low_passed(values, size, COARSER * e.resolution)
    x = np.arange(values.shape[2]) - np.average(np.nonzero(e.mask)[2])
    left = (1 / (1 + np.exp(np.clip(x * size / SEAM, -50, 50)))).astype(np.float32)
    return {
        f"a half filtered at {COARSER} × its resolution": left * values + (1 - left) * half,
        "the maximum of the map and that": np.maximum(np.where(left > 0.5, values, half), half),
        f"every place at {OWN} × its own": filtered_locally(values, size, OWN * e.truth),
    }
