"""The voxel size that the spectrum of a protein has, whatever its header says.

Between 25 and 2.2 Å, proteins have the same power spectrum but for a factor and a B factor: little
at 7 Å, and much at 4.5 Å, the distance of strands and the pitch of helices.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# ln of the power without factor and B factor, at these frequencies (1/Å, ln); a median over
# 25 simulated maps of training molecules, made by `training.data.protein_spectrum`.
LN_FREQUENCY = np.arange(-np.log(25.0), -np.log(2.2), 0.04)
# fmt: off
SPECTRUM = np.array([
    0.00, 1.13, 1.03, 0.92, 0.80, 0.69, 0.61, 0.54, 0.50, 0.41, 0.35, 0.32, 0.25, 0.19,
    0.13, 0.09, 0.06, 0.04, 0.04, 0.03, 0.02, -0.02, -0.07, -0.11, -0.17, -0.25, -0.32,
    -0.37, -0.36, -0.36, -0.45, -0.43, -0.41, -0.39, -0.40, -0.32, -0.17, -0.01, 0.10, 0.39,
    0.54, 0.59, 0.70, 0.72, 0.69, 0.59, 0.49, 0.39, 0.37, 0.31, 0.23, 0.08, -0.01, -0.00,
    -0.06, -0.06, 0.00, 0.17, 0.27, 0.42, 0.40,
])
# fmt: on
# Signal over noise from which a shell is used, shells of a spectrum, and the part that must lie in
# the range of the above.
LEAST_SIGNAL, FEWEST, COVERED = 0.7, 30, 0.6
# ln of the ratios of voxel sizes that are tried, and of those that are the header's.
STEP, WIDEST, SAME = 0.02, 1.0, 0.15
# A larger voxel size is told if the spectrum then fits so well, twice as well as with the header's,
# and reaches so many Å. None of 123 reconstructions of the validation split and 60 simulated maps
# was told one whose header was right; of 88 finer than 6 Å, with voxels of 1.5 or 2 Å called 1 Å,
# 26 and 42% were told theirs, to 20%, and none another.
LARGER, FITS, BETTER, REACHES = 0.25, 0.2, 2.0, 6.0


def true_scale(frequency: NDArray, molecule: NDArray, solvent: NDArray | None) -> float | None:
    """Return how many times larger voxels are than their header says; None if nothing tells.

    Parameters
    ----------
    frequency : array, shape (n,), 1/Å by the header, evenly spaced in its logarithm
    molecule : ln of the power inside the molecule, shape (n,)
    solvent : ln of the power in the solvent, shape (n,), or None
    """
    x, y = signal(frequency, molecule, solvent)
    if x.size < FEWEST:
        return None
    tried = np.arange(0.0, WIDEST + STEP / 2, STEP)
    misfits = np.array([_misfit(x - scale, y) for scale in tried])
    stated = min(_misfit(x - s, y) for s in np.arange(-SAME, SAME + STEP / 2, STEP))
    best = int(np.argmin(misfits))
    scale, misfit = float(np.exp(tried[best])), float(misfits[best])
    told = tried[best] > LARGER and misfit < FITS and BETTER * misfit < stated
    return scale if told and np.exp(-x[-1]) * scale < REACHES else None


def signal(
    frequency: NDArray, molecule: NDArray, solvent: NDArray | None
) -> tuple[NDArray, NDArray]:
    """Return ln of the frequency and of the signal's power, up to where noise drowns it."""
    noise = np.zeros_like(molecule) if solvent is None else np.exp(solvent)
    power = np.exp(molecule) - noise
    drowned = np.flatnonzero((power <= LEAST_SIGNAL * noise) | (power <= 0))
    # The lowest shells are those of the envelope.
    lowest = int(np.searchsorted(np.log(frequency), LN_FREQUENCY[0]))
    drowned = drowned[np.log(frequency[drowned]) > LN_FREQUENCY[0] + 0.2]
    kept = slice(lowest, int(drowned[0]) if drowned.size else None)
    return np.log(frequency[kept]), np.log(np.maximum(power[kept], 1e-300))


def _misfit(x: NDArray, y: NDArray) -> float:
    """Return how far ln power is from the protein's, with the best factor and B factor."""
    within = (x >= LN_FREQUENCY[0]) & (x <= LN_FREQUENCY[-1])
    if np.count_nonzero(within) < max(FEWEST, COVERED * x.size):
        return np.inf
    part = np.interp(x[within], LN_FREQUENCY, SPECTRUM)
    terms = np.column_stack([np.ones(part.size), np.exp(2 * x[within])])
    rest = y[within] - part
    factors, *_ = np.linalg.lstsq(terms, rest, rcond=None)
    return float(np.sqrt(np.mean((rest - terms @ factors) ** 2)))
