"""Cliffs and rises in the logarithm of a power spectrum, as filters and sharpening leave them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

if TYPE_CHECKING:
    from .features.spectra import Spectra

# Where a line is fitted to the power below a frequency, and where it is compared, in units of it.
TREND, FAR = (0.5, 0.85), 1.2
# A filter's resolution is where it halves the amplitude: a quarter of the power.
HALF = float(np.log(4))
# ln: a filter drops the power below 1/90 of the trend within a fifth of its frequency; the steepest
# simulated maps without one, by B factor and the spectrum of the fold, drop to 1/58, and single
# half maps to 1/12.
CLIFF = 4.5
# Of the first frequency, which is that of the second shell: edges before the seventh shell are
# none, unless the power falls on. These shells hold few coefficients, and the spectrum falls
# steeply there, so that two of 43 reconstructions seemed to be filtered at 26 and 30 Å.
FIRST = 3.5
# By the spectrum of the fold, three in four weighted, fully sharpened maps rise up to 2.3-fold.
RISE = float(np.log(4))


def filter_edge(
    frequency: NDArray, power: NDArray, least: float, falls: float = np.inf
) -> float | None:
    """Return where a filter halves the amplitudes (Å), None if the power has no cliff.

    Below each frequency a line is fitted to ln power against s² (a B factor); the cliff is where
    the power at a fifth higher frequency lies furthest below it.

    Parameters
    ----------
    frequency : array, shape (n,), 1/Å, on a logarithmic scale from the second shell on
    power : array, shape (n,), ln of the power
    least : ln of the factor by which the power must lie below the line
    falls : the same for the power at twice the frequency of an edge in the first shells, below
        that at the edge
    """
    deepest, edge = least, 0.0
    for center in frequency:
        below = (frequency >= TREND[0] * center) & (frequency <= TREND[1] * center)
        if frequency[0] > TREND[0] * center or frequency[-1] < FAR * center:
            continue
        missing = trend(frequency**2, power, below) - power
        far = int(np.searchsorted(frequency, FAR * center))
        if missing[far] > deepest:
            last = int(np.flatnonzero(missing[:far] <= HALF)[-1])
            deepest, edge = float(missing[far]), float(frequency[last])
    if not edge:
        return None
    twice = np.interp(2 * edge, frequency, power) - np.interp(edge, frequency, power)
    return 1 / edge if edge > FIRST * frequency[0] or -twice > falls else None


def trend(x: NDArray, y: NDArray, fitted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return, at all points, the line fitted to some of them; it never rises."""
    a, b = x[fitted] - x[fitted].mean(), y[fitted]
    slope = min(0.0, float(a @ b / (a @ a)))
    return b.mean() + slope * (x - x[fitted].mean())


def low_pass(spectra: Spectra) -> float | None:
    """Return where a filter halves the amplitudes (Å), None if the power has no cliff."""
    return filter_edge(spectra.frequency, spectra.whole, CLIFF)


def risen_power(spectra: Spectra) -> tuple[float, float] | None:
    """Return the factor by which power rises with frequency and up to where (Å), or None.

    Power of hollow particles oscillates at low frequencies; such rises do not last and are ignored.
    """
    frequency = spectra.frequency
    if frequency.size == 0:
        return None
    power = ndimage.uniform_filter1d(spectra.molecule, 5, mode="nearest")
    rise = power - np.minimum.accumulate(power)
    top = int(np.argmax(rise))
    octave = power[(frequency >= 0.5 * frequency[top]) & (frequency <= 0.8 * frequency[top])]
    lasting = octave.size and octave.mean() < power[top] - 0.5 * RISE
    if rise[top] < RISE or not lasting:
        return None
    return float(np.exp(rise[top])), float(1 / frequency[top])
