"""Where the power of two half maps ends: at a filter, or where only rounding is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..cliff import CLIFF, HALF, filter_edge, trend

# ln: what the difference of sound half maps, which is only noise, misses of its trend is below 0.7
# (190 simulated sets and 41 reconstructions); Butterworth filters of order 4 lack 1.3 to 1.5, of
# order 3, 0.8 to 1.2.
NOISE_CLIFF = 0.8
# ln: the noise of 127 sound sets falls by at most 1.3 over an octave from one of the first shells,
# with a Butterworth filter of order 3 by 3.9.
NOISE_FALLS = 3.0
# Of the mean power: below it, coefficients of transforms in float32 are rounding.
ROUNDING = 1e-12
# Frequencies on a logarithmic scale are 2% apart.
STEP = 0.02
FEWEST = 5
# In units of a filter's edge: where the line below it is fitted, once the edge is known; and how
# often both are found again.
CLEAR, REFINED = (0.35, 0.6), 4
# A filter that leaves 1/100 of the power only at so much higher a frequency is soft: signal and
# noise fall alike, and can both be seen far beyond its edge. A Butterworth filter of order 6
# reaches that at 1.34, of order 4 at 1.55.
LEFT, SOFT = 100.0, 1.4
# Noise that falls to 1/1,000 of its power without a cliff was filtered by a Gaussian: half maps of
# three sets keep their FSC up to there (B factors of 280 to 1,500 Å²). Noise that does not fall as
# far as the second number over all shells just has a B factor.
FADED, ALL_OVER = 1e3, 1e5
# What is fitted to soft filters, whose power is 1 / (1 + 3 (s r)^(2 order)): orders, ln of r in
# units of the edge, and where.
ORDERS, RESOLUTIONS, FITTED = (2.0, 3.0, 4.0, 5.0, 6.0), (-0.1, 0.3), (0.3, 1.6)


@dataclass(frozen=True)
class PowerEnd:
    """Where the power of half maps ends.

    Attributes
    ----------
    low_pass : Å where a filter halves their amplitudes, or where rounding begins
    resolution : Å beyond which too little is left for an FSC; finer than ``low_pass`` where the
        filter is soft
    """

    low_pass: float
    resolution: float


def power_ends(
    frequency: NDArray, count: NDArray, cross: NDArray, powers: Sequence[NDArray]
) -> PowerEnd | None:
    """Return where the power of half maps ends, None if they have power everywhere.

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
    scale = np.exp(np.arange(np.log(frequency[1]), np.log(frequency[-1]) + 1e-9, STEP))

    def smooth(power: NDArray) -> NDArray:
        mean = np.maximum(power / count, 1e-30 * float((power / count).max()))
        return np.interp(scale, frequency, np.log(mean))

    ends = [_rounding(frequency, power / count) for power in powers]
    ends += [_cliff(scale, smooth(power), CLIFF) for power in powers]
    ratio = np.sqrt(powers[0].sum() / powers[1].sum())
    noise = powers[0] + ratio**2 * powers[1] - 2 * ratio * cross
    if noise.sum() > ROUNDING * powers[0].sum():
        of_noise = smooth(noise)
        ends += [_cliff(scale, of_noise, NOISE_CLIFF, NOISE_FALLS), _faded(scale, of_noise)]
    found = [end for end in ends if end is not None and end.resolution * frequency[-1] > 1]
    return max(found, key=lambda end: end.resolution, default=None)


def _cliff(
    frequency: NDArray, power: NDArray, least: float, falls: float = np.inf
) -> PowerEnd | None:
    """Return where a filter with a cliff ends the power; its depth as in `filter_edge`."""
    edge = filter_edge(frequency, power, least, falls)
    return None if edge is None else refined_end(frequency, power, edge)


def refined_end(frequency: NDArray, power: NDArray, edge: float) -> PowerEnd:
    """Return where a filter is and ends the power, by a line that ends before the filter begins.

    Filters fall over a range: the line of `filter_edge` ends in it, and finds them too fine. Down
    to 1/100 of the power, the FSC is within 3% of that without the filter (Butterworth filters of
    orders 1 to 6 at 1.3 to 2.5 times the resolution of four sets); at 1/5,000 what the mask
    scatters from coarse shells makes it up to 1.3 times coarser.

    Parameters
    ----------
    frequency : array, shape (n,), 1/Å
    power : array, shape (n,), ln of the power
    edge : Å, as `filter_edge` found it
    """
    missing = power[0] - power
    for _ in range(REFINED):
        below = (frequency >= CLEAR[0] / edge) & (frequency <= CLEAR[1] / edge)
        if np.count_nonzero(below) < FEWEST:
            break
        missing = trend(frequency**2, power, below) - power
        edge = _falls(frequency, missing, HALF, CLEAR[1] / edge) or edge
    end = _falls(frequency, missing, float(np.log(LEFT)), 1 / edge)
    if end is not None and edge <= SOFT * end:
        return PowerEnd(edge, edge)
    return soft_filter(frequency, power, edge)


def soft_filter(frequency: NDArray, power: NDArray, edge: float) -> PowerEnd:
    """Return the soft filter that fits a spectrum best, on a line of ln power against s².

    The end of its power is too far from where there is none of it for a line to reach.
    """
    kept = (frequency >= FITTED[0] / edge) & (frequency <= FITTED[1] / edge)
    s, y = frequency[kept], power[kept]
    order, resolution = np.meshgrid(ORDERS, edge * np.exp(np.arange(*RESOLUTIONS, STEP)))
    fall = np.log1p(3 * np.multiply.outer(resolution, s) ** (2 * order[..., None]))
    straight = y + fall
    straight -= straight.mean(axis=-1, keepdims=True)
    x = s**2 - np.mean(s**2)
    slope = np.minimum(straight @ x / (x @ x), 0)
    errors = np.sum((straight - slope[..., None] * x) ** 2, axis=-1)
    best = np.unravel_index(np.argmin(errors), errors.shape)
    low_pass, n = float(resolution[best]), float(order[best])
    return PowerEnd(low_pass, low_pass / ((LEFT - 1) / 3) ** (0.5 / n))


def _falls(frequency: NDArray, missing: NDArray, by: float, start: float) -> float | None:
    """Return the last resolution (Å) before so much is missing, beyond a frequency; or None."""
    beyond = np.flatnonzero((missing > by) & (frequency > start))
    return float(1 / frequency[max(beyond[0] - 1, 0)]) if beyond.size else None


def _faded(frequency: NDArray, power: NDArray) -> PowerEnd | None:
    """Return where a Gaussian ends noise, which has no cliff then; None if it does not fall so far.

    Parameters
    ----------
    frequency : array, shape (n,), 1/Å
    power : array, shape (n,), ln of the power of the noise
    """
    smooth = ndimage.median_filter(power, 5, mode="nearest")
    # Sharpened noise rises to there.
    start = float(frequency[np.argmax(smooth)])
    missing = smooth.max() - smooth
    end = _falls(frequency, missing, float(np.log(FADED)), start)
    if end is None or missing[-1] < np.log(ALL_OVER):
        return None
    return PowerEnd(_falls(frequency, missing, HALF, start) or end, end)


def _rounding(frequency: NDArray, mean: NDArray) -> PowerEnd | None:
    """Return where the last shell with more than rounding is; None if that is the last."""
    held = np.flatnonzero(mean > ROUNDING * mean.max())
    last = float(1 / frequency[held[-1]])
    return None if held[-1] == len(frequency) - 1 else PowerEnd(last, last)
