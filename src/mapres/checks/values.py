"""How the values of a map end, and how they are distributed.

Signs that they were cut off at a level, cut out of the middle, or changed one by one, by a curve or
a network. Whatever filter a map went through, noise in its solvent stays symmetric and Gaussian.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ..arrays.edges import background
from ..arrays.interpolate import block_means
from ..arrays.nearby import near
from ..features.outliers import sample_of
from ..features.spectra import REACH
from ..mask import FLAT_FRACTION, inscribed_ellipsoid

# Voxels, edges of the blocks whose noise is looked at: in small ones noise that is correlated over
# many voxels looks bounded, in large ones noise that fades out looks long-tailed.
BLOCKS = 5, 10
# Blocks, fewest that tell, and most that are looked at: 300 of 10³ voxels take 10 ms.
FEWEST, MOST = 12, 300
SEED = 612
# Of the largest variance: less is a constant.
QUIET = 1e-6
# What counts of a kurtosis above 3 that only small blocks show.
SMALL_ONLY = 0.45
# Standard errors that a skewness is surely above 0 by.
ERRORS = 3.0
# Of the largest height above the solvent: how many of the voxels above the first are above the
# second; fewer tell nothing.
HALF, TOP, FEWEST_HIGH = 0.5, 0.9, 100
# Quantile of the distances from the most common value at which a gap ends: single voxels, of an
# interpolation, may lie in it.
FEW = 1e-3


@dataclass(frozen=True)
class Cuts:
    """What is left of a map's values.

    Attributes
    ----------
    lowest, highest : the least and the largest value
    floor, ceiling : fractions of the voxels that hold them
    gap : distance from the value along the edges of the box to the next one, over the 99.9th
        percentile of all such distances
    outside : fraction of the voxels that hold that value
    """

    lowest: float
    highest: float
    floor: float
    ceiling: float
    gap: float
    outside: float


def measure_cuts(values: NDArray) -> Cuts:
    """Measure how the values of a map, shape (z, y, x), end."""
    sample = sample_of(values)
    lowest, highest, common = float(values.min()), float(values.max()), background(values)
    apart = np.abs(sample[sample != common] - np.float32(common))
    few, most = np.quantile(apart, (FEW, 1 - FEW)) if apart.size else (0.0, 1.0)
    return Cuts(
        lowest,
        highest,
        floor=float(np.mean(sample == lowest)),
        ceiling=float(np.mean(sample == highest)),
        gap=float(few / max(most, 1e-30)),
        outside=1 - apart.size / sample.size,
    )


@dataclass(frozen=True)
class Contrast:
    """How the values of a map are distributed.

    Attributes
    ----------
    skewness : of the noise in the solvent, as far as it is surely not 0; 0 without solvent noise
    kurtosis : of that noise, 3 if it is Gaussian or there is too little of it
    saturation : fraction of the high voxels that are near the highest
    """

    skewness: float
    kurtosis: float
    saturation: float


def measure_contrast(values: NDArray, mask: NDArray[np.bool_], spacing: float) -> Contrast:
    """Measure how the values of a map are distributed.

    Parameters
    ----------
    values : array, shape (z, y, x), the solvent at 0
    mask : bool array, shape (z, y, x), the molecule
    spacing : Å
    """
    moments = [*_moments(values, mask, spacing)]
    skewness = _nearest_to(0.0, [_skewness(second, third) for second, third, _ in moments])
    kurtosis = _nearest_to(
        3.0, [float(np.median(fourth / second**2)) for second, _, fourth in moments]
    )
    if len(moments) < len(BLOCKS) and kurtosis > 3:
        # In small blocks alone, noise that fades out behind a mask has long tails, too: up to 7.
        kurtosis = 3 + SMALL_ONLY * (kurtosis - 3)
    return Contrast(skewness, kurtosis, _saturation(values))


def _saturation(values: NDArray) -> float:
    height = sample_of(values)
    highest = float(height.max())
    high = np.count_nonzero(height > HALF * highest)
    return np.count_nonzero(height > TOP * highest) / high if high >= FEWEST_HIGH else 0.0


def _moments(
    values: NDArray, mask: NDArray[np.bool_], spacing: float
) -> Iterator[tuple[NDArray, NDArray, NDArray]]:
    """Yield the second to fourth central moments of blocks of solvent, for each size of blocks."""
    rim, smallest = background(values), BLOCKS[0]
    if min(values.shape) < max(BLOCKS):
        return
    away = max(1.0, REACH / (smallest * spacing))
    solvent = ~near(block_means(mask, smallest) > 0, away)
    solvent &= inscribed_ellipsoid(solvent.shape, [0.5 * (n - 1) for n in solvent.shape])
    for edge in BLOCKS:
        windows = sliding_window_view(solvent, (edge // smallest,) * 3)
        places = smallest * np.argwhere(windows.all(axis=(3, 4, 5)))
        if len(places) > MOST:
            chosen = np.random.default_rng(SEED).choice(len(places), MOST, replace=False)
            places = places[chosen]
        blocks = [values[tuple(slice(i, i + edge) for i in place)].ravel() for place in places]
        noisy = [block for block in blocks if np.mean(block == rim) < FLAT_FRACTION]
        if len(noisy) >= FEWEST:
            yield from _of_blocks(np.array(noisy, dtype=np.float64))


def _of_blocks(blocks: NDArray[np.float64]) -> Iterator[tuple[NDArray, NDArray, NDArray]]:
    apart = blocks - blocks.mean(axis=1, keepdims=True)
    second, third, fourth = (np.mean(apart**power, axis=1) for power in (2, 3, 4))
    kept = second > QUIET * second.max()
    if np.count_nonzero(kept) >= FEWEST:
        yield second[kept], third[kept], fourth[kept]


def _skewness(second: NDArray, third: NDArray) -> float:
    """Return the median skewness of blocks, as far as it is surely not 0."""
    found = third / second**1.5
    error = ERRORS * float(found.std()) / np.sqrt(len(found))
    middle = float(np.median(found))
    return float(np.sign(middle)) * max(0.0, abs(middle) - error)


def _nearest_to(expected: float, found: Sequence[float]) -> float:
    """Return the value nearest to what is expected; that itself if it lies between, or of none."""
    if not found or min(found) <= expected <= max(found):
        return expected
    return min(found, key=lambda value: abs(value - expected))
