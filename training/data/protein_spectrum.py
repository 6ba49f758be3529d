"""The spectrum that proteins have in common, for `mapres.headers.spectrum`."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from mapres.headers.spectrum import FEWEST, LN_FREQUENCY, signal

Spectrum = tuple[NDArray, NDArray, NDArray | None]
PASSES = 30


def protein_spectrum(spectra: Iterable[Spectrum]) -> NDArray[np.float64]:
    """Return ln power at `LN_FREQUENCY`: a median of maps, without factor and B factor of each.

    Parameters
    ----------
    spectra : frequency, ln power in the molecule and in the solvent, as `true_scale` takes them
    """
    rows = [
        np.interp(LN_FREQUENCY, x, y, left=np.nan, right=np.nan)
        for x, y in (signal(*each) for each in spectra)
        if x.size >= FEWEST
    ]
    common = np.zeros(LN_FREQUENCY.size)
    for _ in range(PASSES):
        rests = np.array([row - _fitted(row - common) for row in rows])
        known = np.isfinite(rests).any(axis=0)
        common[known] = np.nanmedian(rests[:, known], axis=0)
    return common


def _fitted(rest: NDArray) -> NDArray:
    """Return the factor and B factor that fit ln power where it is known, at all frequencies."""
    known = np.isfinite(rest)
    terms = np.column_stack([np.ones(rest.size), np.exp(2 * LN_FREQUENCY)])
    factors, *_ = np.linalg.lstsq(terms[known], rest[known], rcond=None)
    return terms @ factors
