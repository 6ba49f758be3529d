"""The filter that makes the noise of a map white."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...errors import MapContentError
from ...fourier import Shells, forward, radial_frequency
from ...threads import in_planes

# Voxels, width of the soft edge of a region. A hard edge would spread the low frequencies of steep
# spectra over the high ones.
EDGE = 7
# This many voxels give the variance to 9%, enough for a smoothed spectrum.
FEWEST_VOXELS = 256
# Shells over which the logarithm of the power is smoothed.
SMOOTHING = 2.0
# Frequencies with less than a millionth of the strongest noise were filtered out: they stay weak,
# or rounding errors would be amplified to noise.
LEAST_POWER = 1e-6


def soft_region(region: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return weights of a region's voxels, 0 at its rim and 1 from 4 voxels inside.

    Raises
    ------
    MapContentError
        If the region is too small to estimate the spectrum of its noise.
    """
    fraction = ndimage.uniform_filter(region.astype(np.float32), EDGE, mode="nearest")
    weight = np.clip(2 * fraction - 1, 0, 1) * region
    if np.square(weight).sum() < FEWEST_VOXELS:
        raise MapContentError(
            f"only {int(region.sum())} voxels are left to estimate the noise spectrum, too few; "
            "give half maps, an unmasked map or another mask."
        )
    return weight


def whiten(signal: NDArray, noise: NDArray, weight: NDArray) -> NDArray[np.complex64]:
    """Return the transform of a map, filtered so that its noise has variance 1 at all frequencies.

    The noise's power is averaged over shells, its logarithm smoothed over them, and divided out.
    Where it falls faster than the smoothing follows, or was filtered out, the variance stays below
    1: tests against variance 1 are then too strict, never too lenient.

    Parameters
    ----------
    signal : array, shape (z, y, x)
    noise : a map of the same noise, maybe the signal itself
    weight : of `soft_region`, where ``noise`` is noise alone

    Returns
    -------
    complex64 array on the half grid
    """
    shells = Shells(signal.shape, 1.0)
    power = _shell_power(noise, weight, shells)
    power = np.maximum(power, _smoothed(power, shells.count))
    gain = 1 / np.sqrt(np.maximum(power, LEAST_POWER * power.max()))
    level = signal.mean(dtype=np.float64)
    transform = forward((signal - level).astype(np.float32))
    frequency = radial_frequency(signal.shape, 1.0)

    def multiply(part: NDArray, of_part: NDArray) -> None:
        part *= np.interp(of_part, shells.frequency, gain).astype(np.float32)

    in_planes(multiply, transform, frequency)
    return transform


def _shell_power(noise: NDArray, weight: NDArray, shells: Shells) -> NDArray[np.float64]:
    """Return the power per voxel in shells: white noise has its variance."""
    level = np.average(noise, weights=weight)
    power = shells.power((noise - level).astype(np.float32) * weight)
    return power / np.square(weight, dtype=np.float64).sum()


def _smoothed(power: NDArray, count: NDArray) -> NDArray:
    """Smooth the power by fitting a local line to its logarithm around every shell."""
    shell, log_power = np.arange(power.size), np.log(power + np.finfo(np.float64).tiny)
    near = np.exp(-0.5 * ((shell[:, None] - shell) / SMOOTHING) ** 2) * count
    near /= near.sum(axis=1, keepdims=True)
    offset = shell - (near @ shell)[:, None]
    slope = (near * offset) @ log_power / np.sum(near * offset**2, axis=1)
    return np.exp(near @ log_power + slope * (shell - near @ shell))
