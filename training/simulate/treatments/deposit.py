"""What becomes of a reconstruction before a user opens it: weights, filters and masks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mapres.density import Density
from mapres.fourier import Shells, filtered, forward, gaussian_low_pass, inverse, squared_frequency
from training.simulate.bank import blended
from training.simulate.masks import gaussian_smoothed, soft_mask, sphere
from training.simulate.reconstruct import Reconstruction
from training.simulate.treatments.treatment import BUTTERWORTH, GAUSSIAN, Treatment
from training.simulate.treatments.weights import fsc_weights, guinier_b_factor, measured_fsc

# Neighboring copies of a locally filtered map differ by so much in resolution.
STEP = 1.15
# Of a Butterworth filter, as cryoSPARC uses it.
ORDER = 8


def deposit(made: Reconstruction, treatment: Treatment) -> tuple[Density, NDArray[np.float32]]:
    """Return the map as a user would open it, and its truth, float32 (z, y, x), Å.

    A filter coarser than the noise limit makes the map filter-limited: the truth is the coarser. A
    Gaussian is none: like a B factor it weakens signal and noise, and both can be seen beyond it.
    """
    voxel_size, truth = made.recipe.voxel_size, made.truth
    values = filtered(made.average, voxel_size, lambda s2: _gain(s2, made, treatment))
    if treatment.local_filter is not None:
        cut = truth * np.float32(treatment.local_filter)
        values, truth = filtered_locally(values, voxel_size, cut), np.maximum(truth, cut)
    if treatment.modified:
        values = _density_modified(values, made, treatment.modified)
    if treatment.mask_distance is not None:
        soft = soft_mask(made.distance, treatment.mask_distance, treatment.mask_edge)
        values = soft * values + (1 - soft) * _solvent(values, voxel_size, treatment)
    if treatment.sphere:
        values = values * sphere(values.shape)
    if treatment.clipped is not None:
        values = np.where(values < treatment.clipped * np.percentile(values, 99.5), 0, values)
    if treatment.bits == 8:
        values = np.rint(values * (100 / np.abs(values).max()))
    truth = np.maximum(truth, np.float32(treatment.limit))
    return Density(values.astype(np.float32), (voxel_size,) * 3), truth


def filtered_resolution(resolution: float, treatment: Treatment) -> float:
    """Return the resolution (Å) that filters leave a map that is resolved so far."""
    return max(resolution * max(1.0, treatment.local_filter or 0.0), treatment.limit)


def _gain(s2: NDArray, made: Reconstruction, treatment: Treatment) -> NDArray[np.float32]:
    recipe, frequency = made.recipe, np.sqrt(s2)
    gain = np.ones_like(s2)
    b_factor = treatment.sharpening * recipe.b_scale * recipe.resolution**2
    if treatment.weights is not None:
        weights = fsc_weights(measured_fsc(made, treatment.fsc_in_mask), treatment.weights)
        shells = Shells(recipe.shape, recipe.voxel_size).frequency[: len(weights) + 1]
        gain *= np.interp(frequency, shells, [weights[0], *weights], right=0)
        if treatment.guinier is not None:
            b_factor = guinier_b_factor(made.average, weights, recipe.voxel_size, treatment.guinier)
    # Past e^12 the filter beside it cuts anyway.
    gain *= np.exp(np.minimum(0.25 * b_factor * s2, 12.0))
    if treatment.low_pass is not None:
        gain *= _low_pass(frequency, treatment.low_pass, treatment)
    return gain.astype(np.float32)


def _low_pass(frequency: NDArray, cut: float, treatment: Treatment) -> NDArray:
    """Return a filter's amplitudes, a half at ``cut`` (Å); a Gaussian's are 1/e there."""
    if treatment.filter_shape == GAUSSIAN:
        return np.exp(-((frequency * cut) ** 2))
    if treatment.filter_shape == BUTTERWORTH:
        return 1 / np.sqrt(1 + 3 * (frequency * cut) ** (2 * ORDER))
    past = (frequency * cut - 1) / max(treatment.filter_edge, 1e-3)
    return 0.5 - 0.5 * np.sin(0.5 * np.pi * np.clip(past, -1, 1))


def filtered_locally(values: NDArray, voxel_size: float, cut: NDArray) -> NDArray[np.float32]:
    """Filter every place of a map, shape (z, y, x), at its own resolution ``cut`` (Å)."""
    finest, coarsest = float(cut.min()), float(cut.max())
    count = 1 + int(np.ceil(np.log(coarsest / finest) / np.log(STEP)))
    levels = np.geomspace(finest, coarsest, count)
    transform, frequency = forward(values), np.sqrt(squared_frequency(values.shape, voxel_size))
    copies = [
        inverse(transform * _low_pass(frequency, level, Treatment()), values.shape)
        for level in levels
    ]
    return blended(copies, levels, cut)


def low_passed(values: NDArray, voxel_size: float, cut: float) -> NDArray[np.float32]:
    """Filter a map, shape (z, y, x), at a resolution ``cut`` (Å), by a cosine edge."""
    return filtered(
        values,
        voxel_size,
        lambda s2: _low_pass(np.sqrt(s2), cut, Treatment()).astype(np.float32),
    )


def _density_modified(values: NDArray, made: Reconstruction, strength: float) -> NDArray:
    """Weight every place by the signal in its power, as far as that exceeds the solvent's.

    So solvent gets flat, and the molecule is smoothed where it is weak: what density modification
    and networks that denoise have in common.
    """
    sigma = 0.5 * made.resolution / made.recipe.voxel_size
    power = gaussian_smoothed(np.square(values), sigma)
    # In a crop of a map there may be no solvent; then the weakest tenth stands for it.
    noise = np.float32(np.percentile(power, 10))
    signal = np.clip(1 - noise / np.maximum(power, np.finfo(np.float32).tiny), 0, 1)
    return values * (1 - np.float32(strength) * (1 - signal))


def _solvent(values: NDArray, voxel_size: float, treatment: Treatment) -> NDArray:
    if treatment.solvent_low_pass is None:
        return treatment.solvent_kept * values
    # `gaussian_low_pass` falls to 1/e at its resolution; this makes it a half.
    width = treatment.solvent_low_pass * np.sqrt(np.log(2))
    return treatment.solvent_kept * gaussian_low_pass(values, voxel_size, width)
