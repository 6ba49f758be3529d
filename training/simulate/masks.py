"""Masks: the envelope of a molecule, soft masks around it, and the sphere of a reconstruction."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mapres.arrays.nearby import bounding_box, widened
from mapres.fourier import gaussian_low_pass

# Å: masks end within it, 15 Å and an edge of 10 Å from the molecule.
FARTHEST = 26.0


def molecule_envelope(density: NDArray, voxel_size: float) -> NDArray[np.float32]:
    """Return a soft mask of a molecule: its density at 8 Å, cut at 15% of the core, 3 Å edge.

    Parameters
    ----------
    density : array, shape (z, y, x), of its atoms alone
    voxel_size : Å
    """
    smooth = gaussian_low_pass(density, voxel_size, 8.0)
    inside = (smooth > 0.15 * np.percentile(smooth, 99)).astype(np.float32)
    return np.clip(gaussian_smoothed(inside, 1.5 / voxel_size), 0, 1)


def gaussian_smoothed(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Smooth a map in its periodic box with a Gaussian of ``sigma`` voxels."""
    # Its transform falls to 1/e at 1 / (π √2 σ). SciPy's filter takes three times as long.
    return gaussian_low_pass(values, 1.0, np.pi * np.sqrt(2) * sigma)


def distance_outside(mask: NDArray[np.bool_], spacing: float) -> NDArray[np.float32]:
    """Return how far every voxel is outside a mask, which is not empty, Å; inside it is negative.

    Only as far as `FARTHEST`: beyond that, it is at least so much.
    """
    box = widened(bounding_box(mask), int(np.ceil(FARTHEST / spacing)), mask.shape)
    # A voxel more, as the end of the box is no surface of the molecule.
    padded = np.pad(mask[box], 1, mode="edge")
    outside, inside = (
        ndimage.distance_transform_edt(each, sampling=spacing) for each in (~padded, padded)
    )
    distance = np.full(mask.shape, np.float32(FARTHEST))
    distance[box] = (outside - inside)[1:-1, 1:-1, 1:-1]
    return distance


def soft_mask(distance: NDArray[np.float32], start: float, edge: float) -> NDArray[np.float32]:
    """Return 1 up to ``start`` Å outside a molecule and 0 beyond, over a cosine edge of ``edge`` Å.

    A negative start cuts inside the molecule; ``distance`` is that of `distance_outside`.
    """
    past = np.clip((distance - start) / max(edge, 1e-3), 0, 1)
    return 0.5 + 0.5 * np.cos(np.float32(np.pi) * past)


def sphere(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return 1 inside the sphere that fits the box and 0 outside, over an edge of 3 voxels."""
    centered = [np.arange(n, dtype=np.float32) - n // 2 for n in shape]
    z, y, x = np.meshgrid(*centered, indexing="ij", sparse=True)
    return soft_mask(np.sqrt(z**2 + y**2 + x**2), min(shape) // 2 - 3, 3)
