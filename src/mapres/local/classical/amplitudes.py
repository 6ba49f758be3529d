"""MonoRes: the amplitudes of signal and noise at each frequency of the sweep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ... import threads
from ...arrays.percentile import value_at
from .band import in_sections
from .monogenic import Monogenic

# Frequencies that share one filtered map span this factor: more would lose digits where the power
# falls steeply, and compute more noise that is not used when the sweep ends early.
SPAN = 2.5
# Cycles per voxel: what higher frequencies remove is most of the map, and no faster to transform.
WIDE = 0.4
# Values per thread.
PART = 1 << 18


@dataclass(frozen=True)
class Distribution:
    """Summary of amplitudes: their number, mean, variance, and the quantile tested against."""

    size: int
    mean: float
    variance: float
    quantile: float

    @classmethod
    def of(cls, values: NDArray, fraction: float) -> Distribution:
        """Summarize values, shape (n,), and their quantile at ``fraction``."""

        def moments(part: NDArray) -> tuple[float, float]:
            wide = part.astype(np.float64)
            return float(wide.sum()), float(wide @ wide)

        mean, square = np.sum(threads.run_each(moments, _parts(values)), axis=0) / values.size
        return cls(values.size, mean, square - mean**2, quantile(values, fraction))


def quantile(values: NDArray, fraction: float) -> float:
    """Return sorted(values)[⌊fraction · n⌋]."""
    return value_at(values, min(int(fraction * values.size), values.size - 1))


def _parts(values: NDArray) -> list[NDArray]:
    return [values[part.start : part.stop] for part in threads.slabs(values.size, PART)]


class Amplitudes:
    """Amplitudes of the signal where they are needed, and the distribution of those of the noise.

    Parameters
    ----------
    monogenic : of the maps' grid
    transforms : of the signal and, where there are half maps, of the noise
    region : bool array, shape (z, y, x), where noise is noise alone
    frequencies : of the sweep, cycles per voxel
    significance : of the tests
    """

    def __init__(
        self,
        monogenic: Monogenic,
        transforms: list[NDArray],
        region: NDArray[np.bool_],
        frequencies: Sequence[float],
        significance: float,
    ):
        self.monogenic, self.transforms, self.region = monogenic, transforms, region
        self.frequencies, self.significance = frequencies, significance
        self._values = np.empty(np.count_nonzero(region), dtype=np.float32)
        counts = np.count_nonzero(region, axis=(1, 2))
        self._ends = np.cumsum(counts)
        self._starts = self._ends - counts
        self._noise: dict[float, Distribution] = {}
        self._until = 0

    def at(self, number: int, voxels: NDArray[np.intp]) -> tuple[NDArray, Distribution]:
        """Return the signal's amplitudes at ``voxels`` (flat indices) and those of the noise.

        ``number`` is that of a frequency, and they are taken in order.
        """
        if number == self._until:
            self._begin(number)
        u0 = self.frequencies[number]
        amplitude = self.monogenic.amplitude(u0)
        noise = self._noise.get(u0) or self._distribution(amplitude)
        return amplitude.ravel()[voxels], noise

    def _begin(self, number: int) -> None:
        """Begin a group of frequencies: first the noise at all of them, then the signal."""
        rest = self.frequencies[number:]
        group = [u0 for u0 in rest if u0 <= min(SPAN * rest[0], WIDE)] or rest[:1]
        self._until = number + len(group)
        for transform in self.transforms[1:]:
            self.monogenic.start(transform, group[0])
            self._noise = {u0: self._distribution(self.monogenic.amplitude(u0)) for u0 in group}
        self.monogenic.start(self.transforms[0], group[0])

    def _distribution(self, amplitude: NDArray) -> Distribution:
        """Return that of the amplitudes in the region."""

        def gather(planes: slice) -> None:
            there = slice(self._starts[planes.start], self._ends[planes.stop - 1])
            self._values[there] = amplitude[planes][self.region[planes]]

        in_sections(gather, amplitude.shape)
        return Distribution.of(self._values, self.significance)
