"""Atomic structures: from the packed set (HDF5) by id, or from a plain PDB/mmCIF file."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import gemmi
import h5py
import numpy as np
from numpy.typing import NDArray

# Coordinates are stored as integers in units of 0.05 Å.
UNIT = 0.05


@dataclass(frozen=True, eq=False)
class Structure:
    """Atoms of a molecule.

    Attributes
    ----------
    id : name
    xyz : float32 array, shape (n, 3), Å along x, y, z
    atomic_number : uint8 array, shape (n,)
    b_factor : float32 array, shape (n,), Å²; 0 where unknown
    """

    id: str
    xyz: NDArray[np.float32]
    atomic_number: NDArray[np.uint8]
    b_factor: NDArray[np.float32]

    @property
    def extent(self) -> NDArray[np.float32]:
        """Å along x, y, z between the outermost atoms."""
        return self.xyz.max(axis=0) - self.xyz.min(axis=0)


def rows(table: str | Path, **wanted: str) -> list[dict[str, str]]:
    """Return the table's rows whose columns equal ``wanted``, each with its place ``index``.

    >>> rows("structures.tsv", split="train", set="chain")  # doctest: +SKIP
    """
    with open(table, newline="") as stream:
        table_rows = list(csv.DictReader(stream, delimiter="\t"))
    for index, row in enumerate(table_rows):
        row["index"] = str(index)
    return [row for row in table_rows if all(row[k] == v for k, v in wanted.items())]


def from_packed(path: str | Path, index: int) -> Structure:
    """Read structure ``index`` of a packed set: first position plus summed steps of 0.05 Å."""
    with h5py.File(path, "r") as packed:
        start, stop = packed["offset"][index : index + 2]
        steps = [np.cumsum(packed[f"delta_{axis}"][start:stop], dtype=np.int64) for axis in "xyz"]
        xyz = (packed["first"][index] + np.stack(steps, axis=1)) * UNIT
        return Structure(
            id=packed["id"].asstr()[index],
            xyz=xyz.astype(np.float32),
            atomic_number=packed["atomic_number"][start:stop],
            b_factor=packed["b_factor"][start:stop].astype(np.float32),
        )


def from_file(path: str | Path, hetatms: bool = False) -> Structure:
    """Read the first model of a PDB or mmCIF file, centered; HETATM records only with ``hetatms``.

    Raises
    ------
    ValueError
        If the file holds no atoms.
    """
    model = gemmi.read_structure(str(path))[0]
    atoms = [
        atom
        for chain in model
        for residue in chain
        if hetatms or residue.het_flag != "H"
        for atom in residue
        if atom.altloc in ("\0", "A") and atom.element.atomic_number > 1
    ]
    if not atoms:
        raise ValueError(f"{path} holds no atoms; give a PDB or mmCIF file of a molecule.")
    return centered(
        Structure(
            id=Path(path).stem,
            xyz=np.array([atom.pos.tolist() for atom in atoms], dtype=np.float32),
            atomic_number=np.array([a.element.atomic_number for a in atoms], dtype=np.uint8),
            b_factor=np.array([atom.b_iso for atom in atoms], dtype=np.float32),
        )
    )


def find(name: str, data: Path) -> Structure:
    """Return the structure in a file, or the one of that id in the packed set in ``data``.

    Raises
    ------
    ValueError
        If it is neither.
    """
    if Path(name).is_file():
        return from_file(name)
    found = rows(data / "structures.tsv", id=name)
    if not found:
        raise ValueError(f"{name} is neither a file nor an id of {data / 'structures.tsv'}.")
    return from_packed(data / "structures.h5", int(found[0]["index"]))


def rotated(structure: Structure, rotation: NDArray) -> Structure:
    """Rotate a structure and center it; ``rotation`` is a 3 × 3 matrix acting on (x, y, z)."""
    xyz = structure.xyz @ np.asarray(rotation, dtype=np.float32).T
    return centered(replace(structure, xyz=xyz))


def centered(structure: Structure) -> Structure:
    """Move the middle of the box around the atoms to the origin."""
    middle = 0.5 * (structure.xyz.max(axis=0) + structure.xyz.min(axis=0))
    return replace(structure, xyz=structure.xyz - middle)
