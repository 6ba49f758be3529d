"""Where the power of two half maps ends: at a filter, or where only rounding is left."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# Where a line is fitted to the power below a frequency, and where it is compared, in units of it.
TREND, FAR = (0.5, 0.85), 1.2
# The same for `refined_edge`, and how often it is applied.
CLEAR, REFINED = (0.4, 0.7), 3
# A filter's resolution is where it halves the amplitude: a quarter of the power.
HALF = float(np.log(4))
# ln: what the difference of sound half maps, which is only noise, misses of its trend is below 0.7
# (190 simulated sets and 41 reconstructions); Butterworth filters of order 4 lack 1.3 to 1.5.
NOISE_CLIFF = 1.1
# ln: a filter drops the power below 1/90 of the trend within a fifth of its frequency; the steepest
# simulated maps without one, by B factor and the spectrum of the fold, drop to 1/58, and single
# half maps to 1/12.
CLIFF = 4.5
# Of the mean power: below it, coefficients of transforms in float32 are rounding.
ROUNDING = 1e-12
# Frequencies on a logarithmic scale are 2% apart.
STEP = 0.02
FEWEST = 5
# Edges in coarser shells are none: these hold few coefficients, and the spectrum falls steeply
# there, so that two of 43 reconstructions seemed to be filtered at 26 and 30 Å.
FIRST = 6


def filter_edge(frequency: NDArray, power: NDArray, least: float) -> float | None:
    """Return where a filter halves the amplitudes (Å), None if the power has no cliff.

    Below each frequency a line is fitted to ln power against s² (a B factor); the cliff is where
    the power at a fifth higher frequency lies furthest below it.

    Parameters
    ----------
    frequency : array, shape (n,), 1/Å, on a logarithmic scale
    power : array, shape (n,), ln of the power
    least : ln of the factor by which the power must lie below the line
    """
    deepest, resolution = least, None
    for center in frequency:
        below = (frequency >= TREND[0] * center) & (frequency <= TREND[1] * center)
        if frequency[0] > TREND[0] * center or frequency[-1] < FAR * center:
            continue
        missing = _trend(frequency**2, power, below) - power
        far = int(np.searchsorted(frequency, FAR * center))
        if missing[far] > deepest:
            edge = int(np.flatnonzero(missing[:far] <= HALF)[-1])
            deepest, resolution = float(missing[far]), float(1 / frequency[edge])
    return resolution


def refined_edge(frequency: NDArray, power: NDArray, resolution: float) -> float:
    """Return a filter's resolution (Å) again, by a line that ends before the filter begins.

    Filters fall over a range: the line of `filter_edge` ends in it, and finds them too fine.
    """
    for _ in range(REFINED):
        below = (frequency >= CLEAR[0] / resolution) & (frequency <= CLEAR[1] / resolution)
        if np.count_nonzero(below) < FEWEST:
            break
        missing = _trend(frequency**2, power, below) - power
        beyond = np.flatnonzero((missing > HALF) & (frequency > CLEAR[1] / resolution))
        if beyond.size:
            resolution = float(1 / frequency[max(beyond[0] - 1, 0)])
    return resolution


def _trend(x: NDArray, y: NDArray, fitted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return, at all points, the line fitted to some of them; it never rises."""
    a, b = x[fitted] - x[fitted].mean(), y[fitted]
    slope = min(0.0, float(a @ b / (a @ a)))
    return b.mean() + slope * (x - x[fitted].mean())


def power_ends(
    frequency: NDArray, count: NDArray, cross: NDArray, powers: Sequence[NDArray]
) -> float | None:
    """Return the resolution (Å) beyond which half maps have no power, None if they have everywhere.

    Their difference, noise alone, shows a filter most clearly. Where it does not, as of a map and
    its filtered copy, each of the two is looked at.

    Parameters
    ----------
    frequency : array, shape (shells,), 1/Å
    count : coefficients in each shell
    cross : sum of F₁F₂* over each shell
    powers : sums of |F₁|² and of |F₂|²
    """
    if len(frequency) < FEWEST or not all(power.any() for power in powers):
        return None
    scale = np.sqrt(powers[0].sum() / powers[1].sum())
    noise = powers[0] + scale**2 * powers[1] - 2 * scale * cross
    ends = [_rounding(frequency, power / count) for power in powers]
    shown = [(power, CLIFF) for power in powers]
    if noise.sum() > ROUNDING * powers[0].sum():
        shown.append((noise, NOISE_CLIFF))
    scale_of = np.exp(np.arange(np.log(frequency[1]), np.log(frequency[-1]) + 1e-9, STEP))
    for power, least in shown:
        mean = np.maximum(power / count, 1e-30 * float((power / count).max()))
        smooth = np.interp(scale_of, frequency, np.log(mean))
        edge = filter_edge(scale_of, smooth, least)
        if edge is not None and edge * frequency[min(FIRST, len(frequency) - 1)] < 1:
            ends.append(refined_edge(scale_of, smooth, edge))
    return max((end for end in ends if end is not None), default=None)


def _rounding(frequency: NDArray, mean: NDArray) -> float | None:
    """Return where the last shell with more than rounding is (Å); None if that is the last."""
    held = np.flatnonzero(mean > ROUNDING * mean.max())
    return None if held[-1] == len(frequency) - 1 else float(1 / frequency[held[-1]])
