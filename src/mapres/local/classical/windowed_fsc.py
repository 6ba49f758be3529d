"""FSC of two maps in many small boxes, and where it falls below a cut-off.

Boxes of n voxels are tapered and padded to 2n. As shells depend on the size of each frequency only,
the transform may be one of cosines and sines along each axis: with T the eight products of a cosine
or a sine along z, y and x, the sum of Re F₁F₂* over ±k_z and ±k_y is that of m_z m_y T₁T₂ over the
eight, where m is 2, but 1 for frequencies 0 and n, which have no sine. These are products of real
matrices, and boxes in a row share those along z and y.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod

import numpy as np
from numpy.typing import NDArray

# Bytes of the coefficients of one map that are multiplied together: with fewer, threads wait for
# each other (with 400,000 a box takes 1.6 times as long on two), with more, for memory.
TOGETHER = 1_600_000
# A box whose values differ by less than a millionth of their size is constant but for rounding.
CONSTANT = 1e-12


@dataclass(frozen=True)
class Run:
    """Boxes in a row: ``count`` first voxels from (z, y, x) on, ``stride`` apart along x."""

    z: int
    y: int
    x: int
    count: int
    stride: int


@dataclass(frozen=True, eq=False)
class _Group:
    """Pairs of frequencies along z and y at similar radius, and the shells that they reach.

    Attributes
    ----------
    pairs : of cosines and sines along z and y, shape (4 pairs): places in (2 (n + 1))²
    ones : transform of a box of ones at these pairs, which the mean of a box is multiplied with
    along_x : each cosine and its sine, shape (2 frequencies, n + 1), with a column for `ones`
    first : the first shell reached
    shells : fractions of coefficients in shells, shape (n + 1 - first, frequencies · pairs)
    """

    pairs: NDArray[np.intp]
    ones: NDArray[np.float32]
    along_x: NDArray[np.float32]
    first: int
    shells: NDArray[np.float32]


class _Scratch:
    """Memory that is used again and again: new memory takes as long as what is done with it."""

    def __init__(self) -> None:
        # Coefficients of two maps, what they are made of, and their products.
        self._memory = np.empty(TOGETHER, dtype=np.float32)
        self._used = 0

    def take(self, *shape: int) -> NDArray[np.float32]:
        """Return an array of that shape; another one if there is too little left."""
        start, self._used = self._used, self._used + prod(shape)
        if self._used > self._memory.size:
            return np.empty(shape, dtype=np.float32)
        return self._memory[start : self._used].reshape(shape)

    def give_back(self) -> None:
        """Let all arrays be used again."""
        self._used = 0


class Boxes:
    """Boxes of two maps, tapered, padded to twice their edge, and correlated by shells.

    Parameters
    ----------
    half1, half2 : float32 arrays, shape (z, y, x), with mean 0
    edge : voxels
    """

    def __init__(self, half1: NDArray, half2: NDArray, edge: int):
        self.halves, self.edge = (half1, half2), edge
        self._waves = _waves(edge)
        # Twice the power at ±k; the half grid along x is summed as it is, as in the original:
        # counting Friedel mates would change the result by 0.005 Å.
        twice = np.where(np.arange(edge + 1) % edge == 0, 1, np.sqrt(2))[:, None]
        self._weighted = self._waves * twice
        self._matrix = self._weighted.reshape(-1, edge).astype(np.float32)
        self._groups: dict[int, list[_Group]] = {}

    def correlation(self, runs: list[Run]) -> NDArray[np.float32]:
        """Return the FSC of boxes, shape (shells, boxes), of runs at the same z.

        Shells are 1 / (2 edge) apart and end at two voxels.
        """
        edge = self.edge
        y, x = min(run.y for run in runs), min(run.x for run in runs)
        bottom = max(run.y for run in runs) + edge
        right = max(run.x + self._length(run) for run in runs)
        cut = (slice(runs[0].z, runs[0].z + edge), slice(y, bottom), slice(x, right))
        blocks = [half[cut] for half in self.halves]
        planes = [
            (self._matrix @ block.reshape(edge, -1)).reshape(-1, *block.shape[1:])
            for block in blocks
        ]
        means, scratch = [_means(block) for block in blocks], _Scratch()
        moved = [replace(run, y=run.y - y, x=run.x - x) for run in runs]
        curves = [self._of_run(run, planes, means, scratch) for run in moved]
        return np.concatenate(curves, axis=1)

    def _of_run(
        self, run: Run, planes: list[NDArray], means: list[NDArray], scratch: _Scratch
    ) -> NDArray[np.float32]:
        """Return the FSC of a run's boxes, given the maps' transforms along z and the means."""
        part = (
            slice(None),
            slice(run.y, run.y + self.edge),
            slice(run.x, run.x + self._length(run)),
        )
        rows = [(self._matrix @ plane[part]).reshape(-1, self._length(run)) for plane in planes]
        means = [mean[run.y, run.x :: run.stride][: run.count] for mean in means]
        cross, first, second = sums = np.zeros((3, self.edge + 1, run.count), dtype=np.float32)
        for group in self._groups_for(run.count):
            scratch.give_back()
            one, other = (
                self._coefficients(group, of_map, mean, run, scratch)
                for of_map, mean in zip(rows, means, strict=True)
            )
            factors = ((one, other), (one, one), (other, other))
            products = scratch.take(3, len(one), one.shape[2])
            for pair, product in zip(factors, products, strict=True):
                np.einsum("kcb,kcb->kb", *pair, out=product)
            sums[:, group.first :] += group.shells @ products.reshape(3, -1, run.count)
        power = np.sqrt(first * second)
        varied = (power > 0) & np.isfinite(means).all(axis=0)
        return np.divide(cross, power, out=np.zeros_like(cross), where=varied)

    def _length(self, run: Run) -> int:
        return (run.count - 1) * run.stride + self.edge

    def _coefficients(
        self, group: _Group, rows: NDArray, mean: NDArray, run: Run, scratch: _Scratch
    ) -> NDArray[np.float32]:
        """Return those of boxes without their mean, shape (k_x, 8 of z, y and x, pairs · boxes)."""
        picked = rows[group.pairs]
        wide, step = picked.strides
        windows = (self.edge, len(picked), run.count)
        strides = (step, wide, run.stride * step)
        columns = scratch.take(self.edge + 1, *windows[1:])
        # What `as_strided` does, in a twentieth of the time.
        columns[:-1] = np.ndarray(windows, picked.dtype, picked, strides=strides)
        np.multiply(group.ones[:, None], -mean, out=columns[-1])
        product = scratch.take(len(group.along_x), columns[0].size)
        np.matmul(group.along_x, columns.reshape(len(columns), -1), out=product)
        return product.reshape(len(product) // 2, 8, -1)

    def _groups_for(self, count: int) -> list[_Group]:
        """Return the groups for runs of about ``count`` boxes, of up to `TOGETHER` bytes each."""
        pairs = max(1, TOGETHER // (4 * 8 * (self.edge + 1) * count))
        # Powers of two: few different groups for runs of any length.
        pairs = 1 << (pairs.bit_length() - 1)
        if pairs not in self._groups:
            self._groups[pairs] = list(self._grouped(pairs))
        return self._groups[pairs]

    def _grouped(self, size: int) -> Iterator[_Group]:
        """Yield groups of up to ``size`` pairs, from the center outward."""
        edge, count = self.edge, self.edge + 1
        squares = np.square(np.arange(count))
        across = np.add.outer(squares, squares).ravel()
        inner = np.flatnonzero(across < count**2)
        inner = inner[np.argsort(across[inner], kind="stable")]
        ones, along_x = self._weighted.sum(axis=2), self._waves
        for start in range(0, len(inner), size):
            chosen = inner[start : start + size]
            z, y = np.divmod(chosen, count)
            # Frequencies along x that reach a shell at the smallest radius of the group.
            kept = int(np.count_nonzero(squares + across[chosen[0]] < count**2))
            kinds = [(a, b) for a in (0, 1) for b in (0, 1)]
            waves = along_x[:, :kept].swapaxes(0, 1).reshape(-1, edge)
            yield _Group(
                np.concatenate([(a * count + z) * 2 * count + b * count + y for a, b in kinds]),
                np.concatenate([ones[a, z] * ones[b, y] for a, b in kinds]).astype(np.float32),
                np.column_stack([waves, waves.sum(axis=1)]).astype(np.float32),
                first := int(np.sqrt(across[chosen[0]])),
                _shell_fractions(np.sqrt(squares[:kept, None] + across[chosen]).ravel(), edge)[
                    first:
                ],
            )


def _waves(edge: int) -> NDArray[np.float64]:
    """Return tapered cosines and sines of frequencies 0 to n, shape (2, n + 1, n)."""
    numbers = np.arange(edge + 1)
    angles = np.pi / edge * np.outer(numbers, np.arange(edge))
    sine = np.where((numbers % edge == 0)[:, None], 0, np.sin(angles))
    return np.stack([np.cos(angles), sine]) * np.hanning(edge)


def _means(block: NDArray) -> NDArray[np.float32]:
    """Return the means of all boxes of a block, (z, y, x) of which z is the edge: (y, x).

    They are NaN where all values of a box are the same.
    """
    edge = block.shape[0]
    values = block.astype(np.float64)
    sums = np.stack([values.sum(axis=0), np.einsum("zyx,zyx->yx", values, values)])
    for axis in (1, 2):
        ends = np.cumsum(np.insert(sums, 0, 0, axis=axis), axis=axis)
        count = ends.shape[axis] - edge
        sums = ends.take(np.arange(count) + edge, axis) - ends.take(np.arange(count), axis)
    mean, square = sums / edge**3
    constant = square - mean**2 <= CONSTANT * square
    return np.where(constant, np.nan, mean).astype(np.float32)


def _shell_fractions(radius: NDArray, edge: int) -> NDArray[np.float32]:
    """Return the fractions of coefficients in shells, shape (edge + 1, coefficients).

    A coefficient at radius r is shared by shells ⌊r⌋ and ⌊r⌋ + 1, in linear proportion.
    """
    distance = np.abs(radius - np.arange(edge + 1)[:, None])
    return np.maximum(1 - distance, 0).astype(np.float32)


def last_crossing(correlation: NDArray, cutoff: float) -> NDArray[np.float64]:
    """Return where curves last fall below a cut-off, interpolated linearly between shells.

    Parameters
    ----------
    correlation : array, shape (shells, curves)
    cutoff : of the correlation

    Returns
    -------
    float64 array, shape (curves,)
        In shells: 0 where a curve is never above, the last shell where it ends above.
    """
    above = correlation >= cutoff
    last = len(correlation) - 1
    before = np.where(above.any(axis=0), last - np.argmax(above[::-1], axis=0), 0)
    after = np.minimum(before + 1, last)
    high, low = np.take_along_axis(correlation, np.stack([before, after]), axis=0).astype(float)
    falls = (high >= cutoff) & (low < cutoff)
    part = np.divide(high - cutoff, high - low, out=np.zeros(high.shape), where=falls)
    return before + part
