"""Where a map was low-pass filtered more than elsewhere, seen in the local energies of its bands.

Noise fills a map evenly: where the energy of all finer bands is missing that the rest of the
molecule has, something took it away.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .bands import WAVELENGTHS
from .cells import LEVEL_SCALE, Cells
from .energies import ENERGY, ENERGY_SCALE, MEAN_LEVEL
from .profile import UNSEEN
from .windows import ABOUT

# ln of the energy, over the molecule's: so much must be missing from all bands finer than two away,
# of which a filter leaves nothing. In cells of ordinary simulated maps 1.5 is the most of 99%.
MISSING = 2.0
# Fraction of the cells in the molecule: with fewer there is no filter.
FEWEST = 0.03
SURELY, FEWEST_SURE = 3.0, 0.01
# ln: bands are left out that have so much less power than the next coarser: there the whole map is
# filtered, and what is left is the edge of a mask.
CLIFF = 2.5
# Fraction of molecule within some Å of cells that are well inside.
DEEP = 0.8
# Of the power of the strongest band: less is what the edge of a mask or sphere leaves.
LEAKS = 1e-7
# Of the resolution at which the whole map is low-pass filtered: finer bands lack some of it.
WITHIN = 1.1
# ln of the energy that half of the amplitude leaves of a band around it, about.
HALF = 1.0
# Quantile of the energies well inside that stands for what is not filtered: fewer cells have more
# at the edge of a mask, or of a sphere that a molecule touches.
MANY = 0.75
# Coarser bands that tell what there would be without a filter.
COARSER = slice(2, 5)


def local_filter_edges(cells: Cells, low_pass: float | None) -> NDArray[np.float32] | None:
    """Return where a filter cuts each cell (ln Å; -inf where none does), None if it cuts none.

    Parameters
    ----------
    cells : measured; shape (n,) is returned
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
    wavelengths = np.log(WAVELENGTHS[cells.bands][kept]).astype(np.float32)
    found, missing = _edges(relative, wavelengths)
    inside = cells.fractions[:, 0] > 0.5
    surely = np.mean(missing[inside] > SURELY) >= FEWEST_SURE
    return found if surely and np.mean(np.isfinite(found[inside])) >= FEWEST else None


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
    deepest = 2 + np.argmax(missing, axis=1)
    most = missing.max(axis=1)
    cut = np.flatnonzero(most > MISSING)
    out = np.full(len(energy), -np.inf, dtype=np.float32)
    for k in cut:
        out[k] = _edge(energy[k], wavelengths, int(deepest[k]))
    return out, most


def _edge(energy: NDArray, wavelengths: NDArray, deepest: int) -> float:
    """Return where energies, finest first, have fallen by `HALF` from those of coarser bands."""
    last = len(energy) - 1
    coarser = energy[min(deepest + COARSER.start, last) : deepest + COARSER.stop]
    level = float(coarser.mean()) - HALF
    first = int(np.argmax(energy >= level)) if (energy >= level).any() else last
    if first == 0:
        return float(wavelengths[0])
    below, above = energy[first - 1], energy[first]
    part = (level - below) / (above - below)
    return float(wavelengths[first - 1] + part * (wavelengths[first] - wavelengths[first - 1]))
