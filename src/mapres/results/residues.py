"""Local resolution of an atomic model, residue by residue: which parts the map shows less well."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..errors import MapContentError
from ..interpolate import nearest_known
from ..local.resolution import LocalResolution
from ..output import replacing

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
    atoms, measured : int arrays, shape (n,), how many atoms each was given with, and how many of
        them were measured: lie where a resolution was found
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
    def fraction(self) -> float:
        """Fraction of all atoms that were measured."""
        return float(self.measured.sum() / self.atoms.sum())


@dataclass(frozen=True)
class Stretch:
    """Residues ``start`` to ``stop``, exclusive, of one run, and their mean in Å."""

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
        If no atom lies where a resolution was found.
    """
    resolved = result.resolved
    nearest = np.rint(places).astype(int)
    held = np.all((nearest >= 0) & (nearest < resolved.shape), axis=1)
    held[held] = resolved[tuple(nearest[held].T)] > 0
    if not held.any():
        raise MapContentError(
            "no atom lies where the map has a resolution; move the model into the map, for "
            "example with fitmap, or give a mask of the part that it is in."
        )
    # What only stands for "coarser than all that was tried" is no neighbor to interpolate with.
    filled = nearest_known(resolved, resolved > 0)
    values = ndimage.map_coordinates(filled, places[held].T, order=1, mode="nearest")
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


def worst_stretches(mean: NDArray, runs: NDArray) -> list[Stretch]:
    """Return the stretches of `STRETCH` residues that the map shows least well, worst first.

    None overlaps another, is unknown for more than half, or is finer than the median of all
    stretches; shorter runs are one stretch each.

    Parameters
    ----------
    mean : array, shape (n,), Å, of residues in their order along the chains; NaN if unknown
    runs : array, shape (n,), which run of neighbors each is of
    """
    found = [stretch for first, last in _ends(runs) for stretch in _stretches(mean, first, last)]
    least = np.median([stretch.mean for stretch in found]) if found else 0.0
    chosen: list[Stretch] = []
    for stretch in sorted(found, key=lambda each: -each.mean):
        apart = all(stretch.stop <= c.start or stretch.start >= c.stop for c in chosen)
        if apart and stretch.mean > least and len(chosen) < FEW:
            chosen.append(stretch)
    return chosen


def _ends(runs: NDArray) -> list[tuple[int, int]]:
    inner = (np.flatnonzero(runs[1:] != runs[:-1]) + 1).tolist()
    return list(zip([0, *inner], [*inner, len(runs)], strict=True))


def _stretches(mean: NDArray, first: int, last: int) -> Iterator[Stretch]:
    length = min(STRETCH, last - first)
    for start in range(first, last - length + 1):
        part = mean[start : start + length]
        known = part[np.isfinite(part)]
        if known.size and 2 * known.size >= length:
            yield Stretch(start, start + length, float(known.mean()))


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
