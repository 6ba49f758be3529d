"""Fourier shell correlation of two half maps, and the resolution at its thresholds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .arrays.rim import centered
from .density import require_shape
from .errors import MapContentError
from .fourier import VoxelSize, forward, per_axis
from .halves.shells import Curves

THRESHOLDS = {"0.143": 0.143, "0.5": 0.5}
# Phases are randomized from where the unmasked FSC falls below 0.8, as RELION does it, and the
# correction starts two shells later, where a mask's edge no longer mixes true and random phases.
RANDOMIZE_BELOW = 0.8
EDGE_SHELLS = 2


@dataclass(frozen=True, eq=False)
class ShellCorrelation:
    """Correlation of two half maps in shells of spatial frequency.

    Attributes
    ----------
    frequency : 1/Å, shape (shells,), from 1 / (longest edge) to Nyquist
    unmasked : FSC of the unmasked maps, shape (shells,)
    masked : FSC within the mask, or None where no mask was given
    phase_randomized : FSC of the phase-randomized, masked maps: the correlation due to the mask
    corrected : masked FSC, corrected for the correlation due to the mask
    half_bit : the 1/2-bit threshold, shape (shells,)
    low_pass : Å where a filter halves the amplitudes of the half maps, or rounding begins; None
        where neither does
    power_ends : Å beyond which too little is left by it, so that the curves are 0; None if nowhere
    finest : Å, the Nyquist limit, or where the power ends if that is coarser
    error : standard error of the FSC of noise, shape (shells,)
    randomized_from : the shell from which on the curve is corrected; None without a mask
    """

    frequency: NDArray[np.float64]
    unmasked: NDArray[np.float64]
    masked: NDArray[np.float64] | None
    phase_randomized: NDArray[np.float64] | None
    corrected: NDArray[np.float64] | None
    half_bit: NDArray[np.float64]
    low_pass: float | None
    power_ends: float | None
    finest: float
    error: NDArray[np.float64]
    randomized_from: int | None

    @property
    def used(self) -> NDArray[np.float64]:
        """The curve that resolutions are taken from, shape (shells,)."""
        return self.unmasked if self.corrected is None else self.corrected

    def crossing(self, threshold: float | NDArray[np.float64]) -> float | None:
        """Return where that curve first falls below a threshold, Å; see `first_crossing`."""
        # A crossing to the zeros beyond the end would be by interpolation only.
        held = slice(np.searchsorted(self.frequency * self.finest, 1 + 1e-5))
        level = np.broadcast_to(threshold, self.frequency.shape)
        return first_crossing(self.frequency[held], self.used[held], level[held], self.finest)

    @property
    def resolution(self) -> dict[str, float | None]:
        """Å at the first crossing below each threshold.

        Keys are ``"0.143"``, ``"0.5"`` and ``"half-bit"``, of the corrected curve if there is one,
        else of the unmasked one; the finest if it never crosses, None if it starts below.
        """
        return {
            name: self.crossing(level)
            for name, level in (THRESHOLDS | {"half-bit": self.half_bit}).items()
        }


def fourier_shell_correlation(
    half1: NDArray,
    half2: NDArray,
    voxel_size: VoxelSize,
    mask: NDArray | None = None,
    *,
    seed: int = 0,
) -> ShellCorrelation:
    """Correlate two half maps, shell by shell.

    FSC(s) = Σ Re(F₁F₂*) / √(Σ|F₁|² Σ|F₂|²) over shells of width 1 / (longest edge) (Harauz and van
    Heel 1986). With a mask, also FSC_true = (FSC_t − FSC_n) / (1 − FSC_n), where FSC_n is that of
    the phase-randomized, masked maps (Chen et al. 2013).

    Parameters
    ----------
    half1, half2 : arrays, shape (z, y, x), of any size
    voxel_size : Å, one number or (x, y, z)
    mask : array, shape (z, y, x), multiplied with both maps; should have a soft edge
    seed : of the random phases

    Returns
    -------
    ShellCorrelation
        Identical half maps have FSC = 1 everywhere, so their resolution is Nyquist.

    Raises
    ------
    GridMismatchError
        If the half maps or the mask differ in shape.
    MapContentError
        If one is not finite or constant, or the mask is empty.
    """
    halves = [
        _prepared(half, name) for half, name in ((half1, "half map 1"), (half2, "half map 2"))
    ]
    require_shape(halves[0].shape, halves[1].shape, "the half maps")
    curves = Curves(halves[0].shape, voxel_size)
    transforms = [*map(forward, halves)]
    unmasked = curves.unmasked(*transforms)
    masked = random = corrected = corrected_from = None
    independent = 0.5 * curves.count
    if mask is not None:
        mask = _checked_mask(mask, halves[0].shape)
        masked = curves.correlation(*(forward(half * mask) for half in halves))
        below = np.flatnonzero(unmasked < RANDOMIZE_BELOW)
        start = int(below[0]) if below.size else unmasked.size
        generator = np.random.default_rng(seed)
        scrambled = (curves.randomized(each, start, generator) * mask for each in transforms)
        random = curves.correlation(*map(forward, scrambled))
        corrected_from = start + EDGE_SHELLS
        corrected = _corrected(masked, random, corrected_from)
        independent = independent * _voxels(mask) / mask.size
    end = curves.end
    error = 1 / np.sqrt(np.maximum(independent, 1))
    return ShellCorrelation(
        curves.frequency,
        unmasked,
        masked,
        random,
        corrected,
        _half_bit(curves.count),
        end.low_pass if end else None,
        end.resolution if end else None,
        max(2 * max(per_axis(voxel_size)), end.resolution if end else 0.0),
        error,
        corrected_from,
    )


def first_crossing(
    frequency: NDArray, curve: NDArray, threshold: NDArray, finest: float
) -> float | None:
    """Return where a curve first falls below a threshold, Å, interpolated linearly.

    Parameters
    ----------
    frequency, curve, threshold : arrays, shape (shells,), frequency in 1/Å
    finest : Å, returned if the curve never falls below, or only beyond: the Nyquist limit, or where
        the power of the maps ends

    Returns
    -------
    float or None
        None if the curve is below the threshold from its first shell on.
    """
    excess = curve - threshold
    below = np.flatnonzero(excess < 0)
    if below.size == 0:
        return float(finest)
    after = int(below[0])
    if after == 0:
        return None
    part = excess[after - 1] / (excess[after - 1] - excess[after])
    crossing = frequency[after - 1] + part * (frequency[after] - frequency[after - 1])
    return max(float(1 / crossing), float(finest))


def _half_bit(count: NDArray) -> NDArray[np.float64]:
    """Return the 1/2-bit threshold for ``count`` coefficients per shell (van Heel, Schatz 2005)."""
    root = np.sqrt(count)
    return (0.2071 * root + 1.9102) / (1.2071 * root + 0.9102)


def _corrected(masked: NDArray, random: NDArray, start: int) -> NDArray[np.float64]:
    corrected = masked.copy()
    # A mask of a few voxels correlates even random maps to almost 1: avoid division by 0.
    room = np.maximum(1 - random[start:], 1e-3)
    corrected[start:] = np.clip((masked[start:] - random[start:]) / room, -1, 1)
    return corrected


def _prepared(half: NDArray, name: str) -> NDArray[np.float32]:
    """Return the values about 0: a masked constant would correlate by the mask's shape."""
    half = np.asarray(half, dtype=np.float32)
    if half.ndim != 3:
        raise MapContentError(f"{name} has {half.ndim} dimensions; give one 3-D map.")
    if not np.isfinite(half).all():
        raise MapContentError(f"{name} holds NaN or infinite values; replace them first.")
    if half.min() == half.max():
        raise MapContentError(f"{name} is constant ({half.flat[0]:g}); it cannot be correlated.")
    return centered(half)


def _voxels(mask: NDArray[np.float32]) -> float:
    """Return the effective number of voxels of a soft mask."""
    square = np.square(mask, dtype=np.float64)
    return float(square.sum() ** 2 / np.square(square).sum())


def _checked_mask(mask: NDArray, shape: tuple[int, ...]) -> NDArray[np.float32]:
    mask = np.asarray(mask, dtype=np.float32)
    require_shape(mask.shape, shape, "the mask and the half maps")
    if not np.isfinite(mask).all() or not mask.any():
        raise MapContentError("the mask is empty or not finite; give one that covers the molecule.")
    return mask
