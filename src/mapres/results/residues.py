"""Local resolution of an atomic model, by residue, and its lowest-resolution stretches."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..arrays.interpolate import nearest_known
from ..errors import MapContentError
from ..local.resolution import LocalResolution
from ..output import replacing

# Residues of a stretch: two turns of a helix, 10 Å, over which local resolution varies little.
STRETCH = 7
# Stretches that are listed.
FEW = 5
COLUMNS = ("model", "chain", "number", "name", "mean_A", "worst_A", "atoms", "atoms_measured")


@dataclass(frozen=True, eq=False)
class ResidueResolution:
    """Local resolution of the residues of a model.

    Attributes
    ----------
    mean, worst : float arrays, shape (n,), Å, over the measured atoms of each residue and of its
        coarsest one; NaN where none was measured
    atoms, measured : int arrays, shape (n,), number of atoms of each residue, and of those that lie
        where a resolution was found
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
    """Residues ``start`` to ``stop`` (exclusive) of one run, and their mean in Å."""

    start: int
    stop: int
    mean: float


def residue_resolution(
    result: LocalResolution, places: NDArray, residues: NDArray
) -> ResidueResolution:
    """Return the local resolution of residues, interpolated at their atoms.

    Parameters
    ----------
    result : the local resolution of a map
    places : array, shape (atoms, 3), positions of the atoms, voxels of the map along z, y, x
    residues : int array, shape (atoms,), residue of each atom, 0 to n - 1

    Raises
    ------
    MapContentError
        If no atom lies where a resolution was found.
    """
    resolved = result.resolved
    nearest = np.rint(places).astype(int)
    measurable = np.all((nearest >= 0) & (nearest < resolved.shape), axis=1)
    measurable[measurable] = resolved[tuple(nearest[measurable].T)] > 0
    if not measurable.any():
        raise MapContentError(
            "no atom lies where the map has a resolution; move the model into the map, for "
            "example with fitmap, or give a mask that includes it."
        )
    # Values that only mark "coarser than all that was tried" must not enter the interpolation.
    filled = nearest_known(resolved, resolved > 0)
    values = ndimage.map_coordinates(filled, places[measurable].T, order=1, mode="nearest")
    count = int(residues.max()) + 1
    measured = np.bincount(residues[measurable], minlength=count)
    total = np.bincount(residues[measurable], values, minlength=count)
    worst = np.full(count, -np.inf)
    np.maximum.at(worst, residues[measurable], values)
    known = measured > 0
    return ResidueResolution(
        mean=np.where(known, total / np.maximum(measured, 1), np.nan),
        worst=np.where(known, worst, np.nan),
        atoms=np.bincount(residues, minlength=count),
        measured=measured,
    )


def worst_stretches(mean: NDArray, runs: NDArray) -> list[Stretch]:
    """Return the stretches of `STRETCH` residues with the lowest resolution, worst first.

    They do not overlap, are known for at least half, and are coarser than the median of all
    stretches; shorter runs are one stretch each.

    Parameters
    ----------
    mean : array, shape (n,), Å, of residues in their order along the chains; NaN if unknown
    runs : array, shape (n,), the run of neighbors that each belongs to
    """
    stretches = [
        stretch for first, last in _ends(runs) for stretch in _stretches(mean, first, last)
    ]
    least = np.median([stretch.mean for stretch in stretches]) if stretches else 0.0
    chosen: list[Stretch] = []
    for stretch in sorted(stretches, key=lambda each: -each.mean):
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
    """Write a CSV file with a row for each residue; unknown values are empty.

    Parameters
    ----------
    path : of the file
    names : model, chain, number with its insertion code, and name of each residue
    found : their local resolution

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
