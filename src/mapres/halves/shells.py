"""Correlation of two half maps, shell by shell."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..fourier import Shells, VoxelSize, forward, inverse, power_of
from ..threads import in_planes
from .power import PowerEnd, power_ends


class Curves:
    """FSC curves on one grid, up to the Nyquist limit, without zero frequency."""

    def __init__(self, shape: tuple[int, ...], voxel_size: VoxelSize):
        self._shape = shape
        self._shells = Shells(shape, voxel_size)
        self._kept = slice(1, self._shells.nyquist + 1)
        self.frequency = self._shells.frequency[self._kept]
        self.count = self._shells.count[self._kept]
        self.end: PowerEnd | None = None

    def unmasked(self, first: NDArray, second: NDArray) -> NDArray[np.float64]:
        """Return the FSC of the whole maps; it finds out where their power ends."""
        cross, *powers = self._sums(first, second)
        self.end = power_ends(self.frequency, self.count, cross, powers)
        return self._ratio(cross, powers)

    def correlation(self, first: NDArray, second: NDArray) -> NDArray[np.float64]:
        """Return the FSC, shape (shells,), of two half-grid transforms."""
        cross, *powers = self._sums(first, second)
        return self._ratio(cross, powers)

    def _ratio(self, cross: NDArray, powers: Sequence[NDArray]) -> NDArray[np.float64]:
        """Return the FSC; 0 where one map is empty, and beyond where the power ends."""
        power = powers[0] * powers[1]
        held = power > 0
        if self.end is not None:
            held &= self.frequency * self.end.resolution < 1 + 1e-6
        return np.divide(cross, np.sqrt(power), out=np.zeros_like(cross), where=held)

    def _sums(self, first: NDArray, second: NDArray) -> NDArray[np.float64]:
        """Return the sums of F₁F₂*, |F₁|² and |F₂|² over shells, shape (3, shells)."""
        return self._shells.sums_of(
            lambda a, b: (a.real * b.real + a.imag * b.imag, power_of(a), power_of(b)),
            (first, second),
        )[:, self._kept]

    def randomized(
        self, transform: NDArray, start: int, generator: np.random.Generator
    ) -> NDArray[np.float32]:
        """Return a map with random phases from shell ``start`` of the curves outward.

        Its ``transform`` is overwritten.
        """
        # White noise has uniform phases with the Friedel symmetry of a real map.
        noise = forward(generator.standard_normal(self._shape, dtype=np.float32))

        def replace(index: NDArray, random: NDArray, kept: NDArray) -> None:
            random *= np.abs(kept) / np.maximum(np.abs(random), np.finfo(np.float32).tiny)
            np.copyto(kept, random, where=index > start)

        in_planes(replace, self._shells.index, noise, transform)
        return inverse(transform, self._shape)
