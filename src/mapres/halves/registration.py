"""Shift and sign of one half map relative to the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import i0e

from ..fourier import Shells, forward, inverse

# In standard errors: a shell whose phases agree less counts as noise.
CHANCE = 3.0
# Upper limit for all shells, or one that filters made perfect would outweigh all others.
BEST_AGREEMENT = 0.99
# Gains in log-likelihood: for maps to be related (200 pairs of noise stayed below 12), and for a
# shift against none (five standard errors).
RELATED = 20.0
BETTER = 12.5


@dataclass(frozen=True)
class Registration:
    """Shift and sign of the second of two maps relative to the first.

    Attributes
    ----------
    shift : voxels along z, y, x from the first to the second; 0 unless a shift is certain
    sign : -1 where the second has the opposite sign of the first, else 1
    """

    shift: tuple[int, ...] = (0, 0, 0)
    sign: int = 1


def registration(first: NDArray, second: NDArray, inside: NDArray[np.bool_]) -> Registration:
    """Find the shift, in whole voxels, and the sign at which two maps agree best.

    This is phase correlation with maximum-likelihood weights: if the phase differences of a shell
    follow a von Mises distribution of concentration κ, each coefficient is weighted by κ. κ is
    estimated from the phases at the maximum of the plain cross-correlation. Only the first map is
    masked: a mask on both would correlate with itself at no shift. Unrelated maps count as not
    shifted.

    Parameters
    ----------
    first, second : arrays, shape (z, y, x)
    inside : bool array, shape (z, y, x), the molecule; not empty
    """
    (box,) = ndimage.find_objects(inside.astype(np.uint8))
    within = inside[box]
    cross = _cross(first[box], second[box], within)
    plain = inverse(cross, within.shape)
    start = np.unravel_index(np.argmax(np.abs(plain)), within.shape)
    sign = -1 if plain[start] < 0 else 1
    cross *= np.float32(sign) / np.maximum(np.abs(cross), np.finfo(np.float32).tiny)
    concentration, gain = _concentration(cross * _moved_back(within.shape, start), within)
    if gain < RELATED:
        return Registration()
    # Half of the coefficients are Friedel mates, and a mask correlates neighbors.
    likelihood = inverse(cross * concentration, within.shape) * (np.count_nonzero(within) / 2)
    best = np.unravel_index(np.argmax(likelihood), within.shape)
    if likelihood[best] - likelihood[0, 0, 0] < BETTER:
        return Registration(sign=sign)
    shift = (int(at) - n * (at > n // 2) for at, n in zip(best, within.shape, strict=True))
    return Registration(tuple(shift), sign)


def _cross(first: NDArray, second: NDArray, within: NDArray[np.bool_]) -> NDArray[np.complex64]:
    """Return the half-grid transform of the cross-correlation of a masked map with another."""
    first, second = (
        (part - part[within].mean(dtype=np.float64)).astype(np.float32) for part in (first, second)
    )
    return np.conj(forward(first * within)) * forward(second)


def _moved_back(shape: tuple[int, ...], shift: tuple[np.intp, ...]) -> NDArray[np.complex64]:
    """Return the phase factors, on the half grid, that undo a shift (z, y, x)."""
    nz, ny, nx = shape
    turns = (
        (scipy.fft.fftfreq(nz) * shift[0])[:, None, None]
        + (scipy.fft.fftfreq(ny) * shift[1])[:, None]
        + scipy.fft.rfftfreq(nx) * shift[2]
    )
    return np.exp(2j * np.pi * turns).astype(np.complex64)


def _concentration(
    phases: NDArray[np.complex64], within: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], float]:
    """Return κ at each coefficient, and the gain in log-likelihood over random phases.

    Parameters
    ----------
    phases : phase differences, as complex numbers of modulus 1 on the half grid
    within : the mask, shape (z, y, x); its fraction of the box gives the number of independent ones
    """
    shells = Shells(within.shape, 1.0)
    agreement = np.minimum(shells.means(phases.real), BEST_AGREEMENT)
    count = np.maximum(shells.count, 1) * within.mean() / 2
    agreement[agreement < CHANCE / np.sqrt(2 * count)] = 0
    # Banerjee et al. (2005), within 7% of the root of I₁(κ)/I₀(κ) = agreement.
    kappa = agreement * (2 - agreement**2) / (1 - agreement**2)
    gain = np.sum(count * (kappa * (agreement - 1) - np.log(i0e(kappa))))
    return kappa.astype(np.float32)[shells.index], float(gain)
