"""Local resolution of an atomic model, residue by residue: which parts the map shows less well."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .errors import MapContentError
from .local import LocalResolution
from .output import replacing

# Residues of a stretch: two turns of a helix, 10 Å, less than local resolution varies over.
STRETCH = 7
# Stretches that are named.
FEW = 5
COLUMNS = ("model", "chain", "number", "name", "mean_A", "worst_A", "atoms", "atoms_measured")


@dataclass(frozen=True, eq=False)
class ResidueResolution:
    """Local resolution of the residues of a model.

    Attributes
    ----------
    mean, worst : float arrays, shape (n,), Å, over the measured atoms of each residue and of its
        coarsest one; NaN where none was measured
    atoms, measured : int arrays, shape (n,), how many atoms each has, and how many were measured
    """

    mean: NDArray[np.float64]
    worst: NDArray[np.float64]
    atoms: NDArray[np.intp]
    measured: NDArray[np.intp]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Residues with a measured atom."""
        return self.measured > 0

    @property
    def share(self) -> float:
        """Share of all atoms that were measured."""
        return float(self.measured.sum() / self.atoms.sum())


@dataclass(frozen=True)
class Stretch:
    """Residues ``start`` to ``stop``, exclusive, of one chain, and their mean in Å."""

    start: int
    stop: int
    mean: float


def residue_resolution(
    result: LocalResolution, places: NDArray, residues: NDArray
) -> ResidueResolution:
    """Return the local resolution of residues: at their atoms, between voxels.

    Parameters
    ----------
    result : of a map
    places : array, shape (atoms, 3), where the atoms are, voxels of the map along z, y, x
    residues : int array, shape (atoms,), which residue each is of, 0 to n - 1

    Raises
    ------
    MapContentError
        If no atom lies where the map was measured.
    """
    nearest = np.rint(places).astype(int)
    held = np.all((nearest >= 0) & (nearest < result.mask.shape), axis=1)
    held[held] = result.mask[tuple(nearest[held].T)]
    if not held.any():
        raise MapContentError(
            "no atom lies in the measured part of the map; move the model into the map, for "
            "example with fitmap, or give a mask of the part that it is in."
        )
    values = ndimage.map_coordinates(result.values, places[held].T, order=1, mode="nearest")
    count = int(residues.max()) + 1
    measured = np.bincount(residues[held], minlength=count)
    total = np.bincount(residues[held], values, minlength=count)
    worst = np.full(count, -np.inf)
    np.maximum.at(worst, residues[held], values)
    known = measured > 0
    return ResidueResolution(
        mean=np.where(known, total / np.maximum(measured, 1), np.nan),
        worst=np.where(known, worst, np.nan),
        atoms=np.bincount(residues, minlength=count),
        measured=measured,
    )


def worst_stretches(mean: NDArray, chains: NDArray) -> list[Stretch]:
    """Return the stretches of `STRETCH` residues that the map shows least well, worst first.

    None overlaps another, and none is finer than the median of all stretches; shorter chains are
    one stretch each.

    Parameters
    ----------
    mean : array, shape (n,), Å, of residues in their order along the chains; NaN if unknown
    chains : array, shape (n,), the chain of each
    """
    found = []
    ends = np.flatnonzero(chains[1:] != chains[:-1]) + 1
    for first, last in zip([0, *ends], [*ends, len(mean)], strict=True):
        length = min(STRETCH, last - first)
        for start in range(first, last - length + 1):
            part = mean[start : start + length]
            if np.isfinite(part).any():
                found.append(Stretch(start, start + length, float(np.nanmean(part))))
    least = np.median([stretch.mean for stretch in found]) if found else 0.0
    chosen: list[Stretch] = []
    for stretch in sorted(found, key=lambda each: -each.mean):
        apart = all(stretch.stop <= c.start or stretch.start >= c.stop for c in chosen)
        if apart and stretch.mean > least and len(chosen) < FEW:
            chosen.append(stretch)
    return chosen


def write_residues(
    path: str | os.PathLike, names: Sequence[tuple[str, str, str, str]], found: ResidueResolution
) -> None:
    """Write a row for each residue, as CSV; empty where nothing is known.

    Parameters
    ----------
    path : of the file
    names : model, chain, number with its insertion code, and name of each residue
    found : theirs

    Raises
    ------
    OutputError
        If the folder is missing or cannot be written.
    """
    columns = (found.mean, found.worst, found.atoms, found.measured)
    with replacing(path) as part, open(part, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS)
        for name, mean, worst, atoms, measured in zip(names, *columns, strict=True):
            shown = [f"{value:.3f}" if measured else "" for value in (mean, worst)]
            writer.writerow([*name, *shown, atoms, measured])
