"""Where a local resolution of another program lies on a map, if its header says it wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ..arrays.interpolate import block_means
from ..fourier import forward, inverse
from .resample import sampled

# Correlations: of two that agree, and how much better a placement must be than the header's.
AGREES, BETTER = 0.5, 0.2
# The same for a resolution without a mask of its own, whose outline gives no hint: smooth maps
# correlate by chance.
AGREES_UNMASKED = 0.8
# Voxels in both over those in either, and the fraction known that makes a map one without a mask.
OUTLINE, UNMASKED = 0.6, 0.95
# Relative difference of voxel sizes that are the same: calibrations are rounded.
SAME_SIZE = 0.005
# Edge of the coarse copies that are searched first, and the least part of the smaller in the other.
COARSE, LEAST_OVERLAP = 48, 0.5


@dataclass(frozen=True, eq=False)
class Pair:
    """Two local resolutions, ours and another.

    Attributes
    ----------
    ours : float32 array, shape (z, y, x), Å; 0 where unresolved
    theirs : float32 array, of any shape, Å; NaN without data
    to_theirs : array, shape (3, 4), from our voxel indices (z, y, x, 1) to theirs
    """

    ours: NDArray[np.float32]
    theirs: NDArray[np.float32]
    to_theirs: NDArray
    values: NDArray[np.float32] = field(init=False)

    def __post_init__(self) -> None:
        """Sample theirs at our voxels: float32 array ``values``, NaN without data."""
        found = sampled(self.theirs, self.to_theirs, self.ours.shape)
        object.__setattr__(self, "values", found)

    @property
    def both(self) -> NDArray[np.bool_]:
        """Where both are known, shape (z, y, x)."""
        return (self.ours > 0) & np.isfinite(self.values)

    def correlation(self) -> float | None:
        """Return Pearson's correlation where both are known; None if one is constant there."""
        both = self.both
        return correlation(self.ours[both], self.values[both])

    def at(self, to_theirs: NDArray) -> Pair:
        """Return the pair with another placement."""
        return Pair(self.ours, self.theirs, to_theirs)


def correlation(first: NDArray, second: NDArray) -> float | None:
    """Return Pearson's correlation; None if one is constant, or there is nothing."""
    first, second = (np.asarray(each, dtype=np.float64) for each in (first, second))
    if first.size == 0 or first.std() == 0 or second.std() == 0:
        return None
    return float(np.corrcoef(first, second)[0, 1])


def best_placement(pair: Pair) -> tuple[Pair, str | None]:
    """Return a pair as it is most likely placed, and in words how, unless the header says so.

    Boxes of the same size with another voxel size are the same box: of many results the header
    says 1 Å. Boxes of another size may be cut out without an origin; they are looked for where the
    header's place makes no sense.
    """
    matrix = pair.to_theirs
    scale = np.linalg.norm(matrix[:, :3], axis=0)
    same_size = bool(np.all(np.abs(scale - 1) < SAME_SIZE))
    here = pair.correlation() or 0.0
    if pair.ours.shape == pair.theirs.shape and not np.allclose(matrix, np.eye(3, 4), atol=0.01):
        there = pair.at(np.eye(3, 4))
        r = there.correlation() or 0.0
        if not same_size and not (here > AGREES and here > r + BETTER):
            return there, (
                f"has the map's box, but {1 / scale.mean():.4g} times its voxel size; it was "
                "compared voxel by voxel"
            )
        if same_size and r > AGREES and r > here + BETTER:
            return there, (
                "has the map's box, but lies elsewhere by its origin; it was compared voxel by "
                "voxel, as both agree there"
            )
    if here < AGREES and (found := _searched(pair, here)) is not None:
        z, y, x = (-int(n) for n in found.to_theirs[:, 3])
        return found, (
            f"does not fit the map by its header; it was compared as a part of it that begins at "
            f"voxel {x}, {y}, {z} along x, y, z, where both agree"
        )
    return pair, None


def _searched(pair: Pair, here: float) -> Pair | None:
    """Return the pair as whole voxels of both agree best, if that is certain."""
    ours, theirs = np.where(pair.ours > 0, pair.ours, np.nan), pair.theirs
    factor = max(1, -(-max(ours.shape + theirs.shape) // COARSE))
    start = _coarse_shift(_binned(ours, factor), _binned(theirs, factor))
    if start is None:
        return None
    shift = tuple(factor * n for n in start)
    while True:
        step = max(1, factor // 2)
        moves = product((-step, 0, step), repeat=3)
        around = [tuple(n + m for n, m in zip(shift, move, strict=True)) for move in moves]
        shift = max(around, key=lambda each: _agreement_at(ours, theirs, each)[0])
        if factor <= 2:
            break
        factor = step
    _, r, outline = _agreement_at(ours, theirs, shift)
    masked = np.isfinite(theirs).mean() < UNMASKED
    certain = outline > OUTLINE and r > AGREES if masked else r > AGREES_UNMASKED
    if not certain or r < here + BETTER:
        return None
    return pair.at(np.column_stack([np.eye(3), np.negative(shift)]))


def _binned(values: NDArray, factor: int) -> NDArray[np.float32]:
    """Average blocks of known voxels; NaN where fewer than half are known."""
    known = np.isfinite(values)
    weight = block_means(known, factor)
    total = block_means(np.where(known, values, 0), factor)
    return np.where(weight > 0.5, total / np.maximum(weight, 1e-6), np.float32(np.nan))


def _coarse_shift(ours: NDArray, theirs: NDArray) -> tuple[int, ...] | None:
    """Return at which of our voxels theirs begin, by the correlation of masked images.

    Padfield (2012): six cross-correlations give that of the voxels known in both, at every shift.
    """
    shape = tuple(a + b for a, b in zip(ours.shape, theirs.shape, strict=True))
    (a, ka), (b, kb) = _padded(ours, shape), _padded(theirs, shape)

    def cross(first: NDArray, second: NDArray) -> NDArray:
        return inverse(forward(first) * np.conj(forward(second)), shape)

    n = np.maximum(cross(ka, kb), 1e-3)
    mean_a, mean_b = cross(a, kb) / n, cross(ka, b) / n
    spread = (cross(a * a, kb) / n - mean_a**2) * (cross(ka, b * b) / n - mean_b**2)
    r = (cross(a, b) / n - mean_a * mean_b) / np.sqrt(np.maximum(spread, 1e-6))
    box = np.zeros(shape, np.float32)
    box[tuple(slice(k) for k in theirs.shape)] = 1
    outline = n / np.maximum(cross(ka, box) + kb.sum() - n, 1)
    score = np.where(n > LEAST_OVERLAP * min(ka.sum(), kb.sum()), r + outline, -np.inf)
    if not np.isfinite(score).any():
        return None
    at = np.unravel_index(int(np.argmax(score)), shape)
    return tuple(int(k) - s * int(k >= m) for k, s, m in zip(at, shape, ours.shape, strict=True))


def _padded(values: NDArray, shape: tuple[int, ...]) -> tuple[NDArray, NDArray]:
    """Return values around 0, 0 where unknown, and where they are known, in a larger box."""
    known = np.isfinite(values)
    centered = np.where(known, values - np.mean(values[known]), 0) if known.any() else known * 1.0
    widths = [(0, s - n) for s, n in zip(shape, values.shape, strict=True)]
    return np.pad(centered, widths).astype(np.float32), np.pad(known, widths).astype(np.float32)


def _agreement_at(
    ours: NDArray, theirs: NDArray, shift: tuple[int, ...]
) -> tuple[float, float, float]:
    """Return the score of a shift, and its two parts: correlation, and how outlines agree."""
    here = tuple(
        slice(max(0, s), max(0, min(n, s + m)))
        for s, n, m in zip(shift, ours.shape, theirs.shape, strict=True)
    )
    there = tuple(
        slice(h.start - s, h.stop - s) if h.stop > h.start else slice(0, 0)
        for h, s in zip(here, shift, strict=True)
    )
    a, b = ours[here], theirs[there]
    ka, kb = np.isfinite(a), np.isfinite(b)
    both = ka & kb
    least = LEAST_OVERLAP * min(np.isfinite(ours).sum(), np.isfinite(theirs).sum())
    if np.count_nonzero(both) < max(least, 1):
        return -np.inf, 0.0, 0.0
    r = correlation(a[both], b[both]) or 0.0
    outline = np.count_nonzero(both) / np.count_nonzero(ka | kb)
    return r + outline, r, outline


def mirrored(pair: Pair) -> str | None:
    """Return how their axes must change for both to agree, in words; None if nothing is certain."""
    ours, theirs = pair.ours, pair.theirs
    if ours.shape != theirs.shape:
        return None
    here = pair.correlation() or 0.0
    for what, changed in _changes(theirs):
        if changed.shape != ours.shape:
            continue
        both = (ours > 0) & np.isfinite(changed)
        r = correlation(ours[both], changed[both])
        if r is not None and r > max(AGREES, here + BETTER):
            return what
    return None


def _changes(theirs: NDArray) -> Iterator[tuple[str, NDArray]]:
    for axis, name in enumerate("zyx"):
        yield f"mirrored along {name}", np.flip(theirs, axis)
    for order in ((2, 1, 0), (1, 0, 2), (0, 2, 1), (1, 2, 0), (2, 0, 1)):
        names = ", ".join("xyz"[k] for k in (2 - order[2], 2 - order[1], 2 - order[0]))
        yield f"with its axes in the order {names}", np.transpose(theirs, order)
