"""Where a map was low-pass filtered more than elsewhere, seen in the local energies of its bands.

Noise fills a map evenly: where the energy of all finer bands is missing that the rest of the
molecule has, something took it away.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..checks.check import LocalFilter
from ..features.bands import WAVELENGTHS
from ..features.cells import LEVEL_SCALE, Cells
from ..features.energies import ENERGY, ENERGY_SCALE, MEAN_LEVEL
from ..features.profile import UNSEEN

# ln of the energy, over that of the molecule: what of all bands finer than two away, of which a
# filter leaves nothing, is missing at least. In ordinary simulated maps (47) and in 80 of RELION's
# it is below 1.1 in 99 of 100 cells.
MISSING = 2.0
# Fractions of the cells of the molecule that must be cut, and that must miss more, if not a few
# cells just have less density.
FEWEST = 0.03
SURELY, FEWEST_SURE = 3.0, 0.01
# Bands are left out in which the whole map is filtered, and what is left is the edge of a mask or a
# sphere: with so much less power than the next coarser (ln), with less than so much of the power of
# the strongest, or finer than so many times the resolution of the filter.
CLIFF, LEAKS, WITHIN = 2.5, 1e-7, 1.1
# Fraction of molecule within some Å of cells that are well inside.
DEEP = 0.8
# Quantile of the energies there that stands for what is not filtered: fewer cells have more, at the
# edge of a mask, or of a sphere that the molecule touches.
MANY = 0.75
# ln of the energy that is missing of a band around a filter's resolution, about.
HALF = 1.0
# Coarser bands that tell what there would be without a filter.
COARSER = slice(2, 5)
# Quantiles of the edges that are told.
TOLD = (0.05, 0.95)


@dataclass(frozen=True, eq=False)
class FilteredCells:
    """Cells that a filter cuts.

    Attributes
    ----------
    edges : float32 array, shape (n,), where it cuts each cell, ln Å; -inf where none does
    found : what is told of it
    """

    edges: NDArray[np.float32]
    found: LocalFilter


def filtered_cells(cells: Cells, low_pass: float | None) -> FilteredCells | None:
    """Return which cells a filter cuts, None if it cuts none, or all alike.

    Parameters
    ----------
    cells : measured
    low_pass : Å, of the whole map; None without
    """
    energy = ENERGY_SCALE * cells.features[:, 0, ENERGY].astype(np.float32)
    deep = cells.fractions[:, 1] > DEEP
    if not deep.any():
        return None
    in_molecule = np.quantile(energy[deep], MANY, axis=0)
    kept = _kept(cells, in_molecule, low_pass)
    if len(kept) < COARSER.stop:
        return None
    relative = energy[:, kept] - in_molecule[kept].astype(np.float32)
    edges, missing = _edges(relative, np.log(WAVELENGTHS[cells.bands][kept]))
    inside = cells.fractions[:, 0] > 0.5
    cut = edges[inside & np.isfinite(edges)]
    fraction = len(cut) / max(np.count_nonzero(inside), 1)
    if fraction < FEWEST or np.mean(missing[inside] > SURELY) < FEWEST_SURE:
        return None
    finest, coarsest = np.exp(np.quantile(cut, TOLD))
    return FilteredCells(edges, LocalFilter(fraction, float(finest), float(coarsest)))


def _kept(cells: Cells, in_molecule: NDArray, low_pass: float | None) -> NDArray[np.intp]:
    """Return the bands that the map as a whole holds, as indices of those measured."""
    level = cells.means[MEAN_LEVEL, cells.bands.start : cells.bands.stop]
    power = LEVEL_SCALE * (level - 2) + in_molecule
    whole = WAVELENGTHS[cells.bands] > WITHIN * (low_pass or 0.0)
    held = np.flatnonzero((level > UNSEEN) & (power > np.log(LEAKS)) & whole)
    while len(held) > 1 and power[held[1]] - power[held[0]] > CLIFF:
        held = held[1:]
    return held


def _edges(
    energy: NDArray[np.float32], wavelengths: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray]:
    """Return the edges in ln energies, shape (n, bands), finest first, and how much is missing."""
    strongest = np.maximum.accumulate(energy, axis=1)
    missing = energy[:, 2:] - strongest[:, :-2]
    most = missing.max(axis=1)
    cut = np.flatnonzero(most > MISSING)
    out = np.full(len(energy), -np.inf, dtype=np.float32)
    out[cut] = _edges_of_cut(energy[cut], wavelengths, 2 + np.argmax(missing[cut], axis=1))
    return out, most


def _edges_of_cut(energy: NDArray, wavelengths: NDArray, deepest: NDArray[np.intp]) -> NDArray:
    """Return where energies, finest first, have fallen by `HALF` from those of coarser bands."""
    places = deepest[:, None] + np.arange(COARSER.start, COARSER.stop)
    coarser = np.take_along_axis(energy, np.minimum(places, energy.shape[1] - 1), axis=1)
    level = coarser.mean(axis=1) - HALF
    first = np.maximum(np.argmax(energy >= level[:, None], axis=1), 1)
    rows = np.arange(len(energy))
    below, above = energy[rows, first - 1], energy[rows, first]
    # Nothing has fallen where even the finest band has more.
    part = np.clip((level - below) / np.where(above > below, above - below, 1), 0, 1)
    return wavelengths[first - 1] + part * (wavelengths[first] - wavelengths[first - 1])
