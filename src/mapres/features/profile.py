"""Power spectra of a whole map on a common scale, inputs of the networks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .distribution import BINS, CENTERS
from .patches import FAINTEST
from .spectra import Spectra

# The centers of the resolution bins, finest first, so that inputs and predicted bins correspond,
# continued to 61 Å. They are 5% apart; how far power has fallen locates a cliff more finely.
FREQUENCIES = 1 / (CENTERS[0] * 2.0 ** (np.arange(BINS + 11) / 14))
CURVES = 4
# Signal to noise beyond e^12 is a flat solvent.
WEAKEST, STRONGEST = -1.0, 12.0
# For unknown values: beyond Nyquist, below the first shells, and without solvent.
UNSEEN = -3.0


def profile(spectra: Spectra) -> NDArray[np.float32]:
    """Return the spectra of a map at `FREQUENCIES`, each scaled to about ±2.

    The first two are of the whole window and of the molecule, relative to their maxima, the third
    of the molecule over the solvent, all three logarithmic. The last is the fraction of the
    molecule's power that the solvent lacks: without a mask this is the squared FSC of the map with
    the truth, 1/4 where that of the half maps is 1/7.

    Returns
    -------
    float32 array, shape (4, 75)
    """
    out = np.full((CURVES, len(FREQUENCIES)), UNSEEN, dtype=np.float32)
    frequency = spectra.frequency
    if frequency.size == 0:
        return out
    covered = (frequency[0] <= FREQUENCIES) & (frequency[-1] >= FREQUENCIES)
    for curve, power in zip(out, (spectra.whole, spectra.molecule), strict=False):
        relative = np.interp(FREQUENCIES[covered], frequency, power - power.max())
        curve[covered] = 2 + np.maximum(relative, np.log(FAINTEST)) / 5
    if spectra.solvent is not None:
        ratio = np.interp(FREQUENCIES[covered], frequency, spectra.molecule - spectra.solvent)
        out[2, covered] = np.clip(ratio, WEAKEST, STRONGEST) / 4
        out[3, covered] = 1 - np.exp(-np.maximum(ratio, WEAKEST))
    return out
