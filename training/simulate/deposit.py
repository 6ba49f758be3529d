"""What becomes of a reconstruction before a user opens it: weights, filters and masks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mapres.density import Density
from mapres.fourier import Shells, filtered, gaussian_low_pass
from training.simulate.reconstruct import Reconstruction


@dataclass(frozen=True)
class Treatment:
    """How a full map is treated. Lengths in Å.

    Attributes
    ----------
    weighted : multiplied by √(2 FSC / (1 + FSC)) (Rosenthal & Henderson 2003)
    sharpening : fraction of the overall B factor that is taken back
    low_pass : half-height of the final filter, or None
    filter_edge : relative width of the filter's cosine edge
    mask_distance : how far outside the molecule the mask cuts (negative: inside), None for no mask
    mask_edge : width of the mask's soft edge, 0 for a hard one
    solvent_kept : what the mask leaves of the amplitudes outside it: 0 of a mask proper, more where
        denoising or regularized refinement only quiets the solvent
    solvent_low_pass : half-height of a filter of what is left, or None
    sphere : everything outside the sphere that fits the box set to 0, as reconstruction does
    bits : 32, or 8 for a map stored as int8
    """

    weighted: bool = False
    sharpening: float = 0.0
    low_pass: float | None = None
    filter_edge: float = 0.1
    mask_distance: float | None = None
    mask_edge: float = 5.0
    solvent_kept: float = 0.0
    solvent_low_pass: float | None = None
    sphere: bool = False
    bits: int = 32

    @property
    def kind(self) -> str:
        """What is done, in words; ``raw`` if nothing."""
        kinds = {
            "sharpened": self.sharpening > 0,
            "masked": self.mask_distance is not None,
            "filtered": self.low_pass is not None,
        }
        return "+".join(kind for kind, done in kinds.items() if done) or "raw"


def deposit(made: Reconstruction, treatment: Treatment) -> tuple[Density, NDArray[np.float32]]:
    """Return the map as a user would open it, and its truth, float32 (z, y, x), Å.

    A filter coarser than the noise limit makes the map filter-limited: the truth is the coarser.
    """
    recipe = made.recipe
    values = filtered(made.average, recipe.voxel_size, lambda s2: _gain(s2, made, treatment))
    if treatment.mask_distance is not None:
        edges = treatment.mask_distance, treatment.mask_edge
        soft = soft_mask(made.mask, recipe.voxel_size, *edges)
        values = soft * values + (1 - soft) * _solvent(values, recipe.voxel_size, treatment)
    if treatment.sphere:
        values = values * _sphere(values.shape)
    if treatment.bits == 8:
        values = np.rint(values * (100 / np.abs(values).max()))
    truth = made.truth
    if treatment.low_pass is not None:
        truth = np.maximum(truth, np.float32(treatment.low_pass))
    return Density(values.astype(np.float32), (recipe.voxel_size,) * 3), truth


def _gain(s2: NDArray, made: Reconstruction, treatment: Treatment) -> NDArray[np.float32]:
    recipe, frequency = made.recipe, np.sqrt(s2)
    gain = np.ones_like(s2)
    if treatment.weighted:
        shells = Shells(recipe.shape, recipe.voxel_size).frequency
        gain *= np.interp(frequency, shells, np.sqrt(full_map_fsc(made.fsc)))
    if treatment.sharpening:
        exponent = 0.25 * treatment.sharpening * recipe.b_scale * recipe.resolution**2 * s2
        # Past e^12 the filter beside it cuts anyway.
        gain *= np.exp(np.minimum(exponent, 12.0))
    if treatment.low_pass is not None:
        past = (frequency * treatment.low_pass - 1) / max(treatment.filter_edge, 1e-3)
        gain *= 0.5 - 0.5 * np.sin(0.5 * np.pi * np.clip(past, -1, 1))
    return gain.astype(np.float32)


def _solvent(values: NDArray, voxel_size: float, treatment: Treatment) -> NDArray:
    if treatment.solvent_low_pass is None:
        return treatment.solvent_kept * values
    # `gaussian_low_pass` falls to 1/e at its resolution; this makes it a half.
    width = treatment.solvent_low_pass * np.sqrt(np.log(2))
    return treatment.solvent_kept * gaussian_low_pass(values, voxel_size, width)


def soft_mask(
    mask: NDArray[np.bool_], spacing: float, distance: float, edge: float
) -> NDArray[np.float32]:
    """Return 1 up to ``distance`` Å outside a mask and 0 beyond, over a cosine edge of ``edge`` Å.

    A negative distance cuts inside the mask.
    """
    outside, inside = (
        ndimage.distance_transform_edt(each, sampling=spacing) for each in (~mask, mask)
    )
    return _falling(outside - inside, distance, edge)


def _sphere(shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return 1 inside the sphere that fits the box and 0 outside, over an edge of 3 voxels."""
    centered = [np.arange(n, dtype=np.float32) - n // 2 for n in shape]
    z, y, x = np.meshgrid(*centered, indexing="ij", sparse=True)
    return _falling(np.sqrt(z**2 + y**2 + x**2), min(shape) // 2 - 3, 3)


def _falling(distance: NDArray, start: float, edge: float) -> NDArray[np.float32]:
    """Return half a cosine: 1 up to ``start``, 0 from ``start + edge`` on."""
    past = np.clip((distance - start) / max(edge, 1e-3), 0, 1)
    return (0.5 + 0.5 * np.cos(np.pi * past)).astype(np.float32)


def full_map_fsc(half_map_fsc: NDArray) -> NDArray[np.float64]:
    """Return 2F/(1+F), the full map's correlation with the truth squared, negative F being 0.

    That is C_ref² of Rosenthal and Henderson (2003); its root weights the map's amplitudes.
    """
    fsc = np.maximum(half_map_fsc, 0.0)
    return 2 * fsc / (1 + fsc)
