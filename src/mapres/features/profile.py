"""What the network sees of a whole map beside its patches: power spectra on one scale."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .distribution import BINS, CENTERS
from .patches import FAINTEST
from .spectra import Spectra

# At the centers of the bins of resolution, finest first, so that a network may answer where it sees
# something, and on to 61 Å. 5% apart, but a cliff is seen more finely by how far power has fallen.
FREQUENCIES = 1 / (CENTERS[0] * 2.0 ** (np.arange(BINS + 11) / 14))
CURVES = 4
# Signal to noise beyond e^12 is a flat solvent.
WEAKEST, STRONGEST = -1.0, 12.0
# Where there is nothing to see: past Nyquist, below the first shells, and of a missing solvent.
UNSEEN = -3.0


def profile(spectra: Spectra) -> NDArray[np.float32]:
    """Return the spectra of a map at `FREQUENCIES`, each brought to about ±2.

    The first two are of the whole window and of the molecule, relative to their strongest, the
    third of the molecule over the solvent, all three logarithmic. The last is the fraction of the
    molecule's power that the solvent lacks: without a mask this is the FSC of the map with the
    truth, 1/4 where that of the half maps is 1/7.

    Returns
    -------
    float32 array, shape (4, 75)
    """
    out = np.full((CURVES, len(FREQUENCIES)), UNSEEN, dtype=np.float32)
    frequency = spectra.frequency
    if frequency.size == 0:
        return out
    seen = (frequency[0] <= FREQUENCIES) & (frequency[-1] >= FREQUENCIES)
    for curve, power in zip(out, (spectra.whole, spectra.molecule), strict=False):
        fallen = np.interp(FREQUENCIES[seen], frequency, power - power.max())
        curve[seen] = 2 + np.maximum(fallen, np.log(FAINTEST)) / 5
    if spectra.solvent is not None:
        ratio = np.interp(FREQUENCIES[seen], frequency, spectra.molecule - spectra.solvent)
        out[2, seen] = np.clip(ratio, WEAKEST, STRONGEST) / 4
        out[3, seen] = 1 - np.exp(-np.maximum(ratio, WEAKEST))
    return out
