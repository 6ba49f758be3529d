"""Where a map holds noise alone, and the filter that makes that noise white."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...errors import MapContentError
from ...fourier import forward, radial_frequency, shell_index, shell_sums, shell_width

# Voxels: blocks that lie outside the mask, and the width of the soft edge of a region. A hard edge
# would spread the low frequencies of steep spectra over the high ones.
BLOCK = 4
EDGE = 7
# Solvent noise of single-particle maps is above 1% of the molecule's spread; a masked or
# noise-free map has none at all, or 1e-7 of rounding.
FLATNESS = 1e-3
# Less than 0.3 of the usual variance: a spherical mask cut some of the block off. Blocks of 8³ with
# a drop of 0.01 would count so many zeros in that noise seems up to 4 times weaker than it is; of
# whole blocks, even of noise smooth over 4 voxels, under 1% vary so little.
VARIANCE_DROP = 0.3
# The power of that many voxels is known to 9% in variance, enough to smooth over shells.
FEWEST_VOXELS = 256
# Shells over which the logarithm of the power is smoothed.
SMOOTHING = 2.0
# Frequencies with less than a millionth of the strongest noise were filtered out: they are left
# weak, or rounding errors would be raised to noise.
LEAST_POWER = 1e-6


def background_blocks(values: NDArray, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the blocks of 4³ voxels outside a mask that hold noise.

    Parameters
    ----------
    values : array, shape (z, y, x)
    inside : bool array of the same shape, the molecule
    """
    outside = _blocks(~inside).all(axis=1)
    spread = _blocks(values).var(axis=1, dtype=np.float64)
    noisy = outside & (spread > FLATNESS**2 * values[inside].var(dtype=np.float64))
    if noisy.any():
        noisy &= spread > VARIANCE_DROP * np.median(spread[noisy])
    counts = [n // BLOCK for n in values.shape]
    whole = noisy.reshape(counts)
    for axis in range(3):
        whole = whole.repeat(BLOCK, axis=axis)
    return np.pad(whole, [(0, n % BLOCK) for n in values.shape])


def _blocks(values: NDArray) -> NDArray:
    """Return an array's blocks, shape (blocks, voxels), without what is left over at its ends."""
    z, y, x = (n // BLOCK for n in values.shape)
    cut = values[: z * BLOCK, : y * BLOCK, : x * BLOCK]
    cut = cut.reshape(z, BLOCK, y, BLOCK, x, BLOCK).transpose(0, 2, 4, 1, 3, 5)
    return cut.reshape(z * y * x, BLOCK**3)


def soft_region(region: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return weights of a region's voxels, 0 at its rim and 1 from 4 voxels inside.

    Raises
    ------
    MapContentError
        If the region is too small to tell the spectrum of its noise.
    """
    fraction = ndimage.uniform_filter(region.astype(np.float32), EDGE, mode="nearest")
    weight = np.clip(2 * fraction - 1, 0, 1) * region
    if np.square(weight).sum() < FEWEST_VOXELS:
        raise MapContentError(
            f"only {int(region.sum())} voxels tell the spectrum of the noise, too few: give half "
            "maps, an unmasked map or another mask."
        )
    return weight


def whiten(signal: NDArray, noise: NDArray, weight: NDArray) -> NDArray[np.complex64]:
    """Return the transform of a map, filtered so that its noise has variance 1 at all frequencies.

    The noise's power is averaged over shells, its logarithm smoothed over them, and divided out.
    Where it falls faster than the smoothing follows, or was filtered out, less than 1 is left:
    tests against variance 1 are then too strict, never too lax.

    Parameters
    ----------
    signal : array, shape (z, y, x)
    noise : a map of the same noise, maybe the signal itself
    weight : of `soft_region`, where ``noise`` is noise alone

    Returns
    -------
    complex64 array on the half grid
    """
    frequency = radial_frequency(signal.shape, 1.0)
    width = shell_width(signal.shape, 1.0)
    power, count = _shell_power(noise, weight, frequency, width)
    power = np.maximum(power, _smoothed(power, count))
    gain = 1 / np.sqrt(np.maximum(power, LEAST_POWER * power.max()))
    level = signal.mean(dtype=np.float64)
    transform = forward((signal - level).astype(np.float32))
    transform *= np.interp(frequency, np.arange(gain.size) * width, gain).astype(np.float32)
    return transform


def _shell_power(
    noise: NDArray, weight: NDArray, frequency: NDArray, width: float
) -> tuple[NDArray, NDArray]:
    """Return the power per voxel in shells (white noise has its variance) and their sizes."""
    level = np.average(noise, weights=weight)
    transform = forward((noise - level).astype(np.float32) * weight)
    shells, nx = shell_index(frequency, width), noise.shape[2]
    count = shell_sums(np.ones_like(frequency), shells, nx)
    power = shell_sums(transform.real**2 + transform.imag**2, shells, nx)
    return power / count / np.square(weight, dtype=np.float64).sum(), count


def _smoothed(power: NDArray, count: NDArray) -> NDArray:
    """Return the power after a local line was fitted to its logarithm around every shell."""
    shell, log_power = np.arange(power.size), np.log(power + np.finfo(np.float64).tiny)
    near = np.exp(-0.5 * ((shell[:, None] - shell) / SMOOTHING) ** 2) * count
    near /= near.sum(axis=1, keepdims=True)
    offset = shell - (near @ shell)[:, None]
    slope = (near * offset) @ log_power / np.sum(near * offset**2, axis=1)
    return np.exp(near @ log_power + slope * (shell - near @ shell))
