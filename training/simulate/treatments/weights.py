"""Weights of a full map by the FSC of its half maps, and the B factor of its Guinier plot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mapres.fourier import Shells
from mapres.fsc import fourier_shell_correlation
from training.simulate.reconstruct import Reconstruction
from training.simulate.treatments.treatment import WIENER


def measured_fsc(made: Reconstruction, in_mask: bool) -> NDArray[np.float64]:
    """Return the half maps' FSC in shells 1 to Nyquist, inside the mask corrected for it."""
    mask = made.soft_mask if in_mask else None
    curve = fourier_shell_correlation(made.half1, made.half2, made.recipe.voxel_size, mask)
    return curve.unmasked if curve.corrected is None else curve.corrected


def fsc_weights(fsc: NDArray, kind: str) -> NDArray[np.float64]:
    """Return the weight of every shell, 0 from the first on where the FSC is not positive."""
    lost = np.flatnonzero(fsc <= 0)
    kept = fsc.copy()
    kept[lost[0] if lost.size else len(fsc) :] = 0
    full = full_map_fsc(kept)
    return full if kind == WIENER else np.sqrt(full)


def full_map_fsc(half_map_fsc: NDArray) -> NDArray[np.float64]:
    """Return 2F/(1+F), the full map's correlation with the truth squared, negative F being 0.

    That is C_ref² of Rosenthal and Henderson (2003); its root weights the map's amplitudes.
    """
    fsc = np.maximum(half_map_fsc, 0.0)
    return 2 * fsc / (1 + fsc)


def guinier_b_factor(
    values: NDArray, weights: NDArray, voxel_size: float, ends: tuple[float, float]
) -> float:
    """Return the B factor (Å²) by which weighted amplitudes fall between two resolutions.

    ln amplitude is fitted by a line over 1/d² (Rosenthal & Henderson 2003, section 4), as far as
    weights are not 0; the B factor is 0 where that leaves fewer than three shells.

    Parameters
    ----------
    values : array, shape (z, y, x), the full map
    weights : of shells 1 to Nyquist
    voxel_size : Å
    ends : the coarse and the fine one, Å
    """
    shells = Shells(values.shape, voxel_size)
    kept = slice(1, len(weights) + 1)
    amplitude = np.sqrt(shells.power(values)[kept]) * weights
    frequency = shells.frequency[kept]
    coarse, fine = ends
    fitted = (frequency * coarse >= 1) & (frequency * fine <= 1) & (amplitude > 0)
    if np.count_nonzero(fitted) < 3:
        return 0.0
    slope, _ = np.polyfit(frequency[fitted] ** 2, np.log(amplitude[fitted]), 1)
    return float(-4 * slope)
