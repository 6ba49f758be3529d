"""Signs of low-pass filtering and over-sharpening in the power spectrum of a map."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from ..cliff import CLIFF, filter_edge
from ..features.spectra import Spectra

# By the spectrum of the fold, three in four weighted, fully sharpened maps rise up to 2.3-fold.
RISE = float(np.log(4))


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
