"""Print the local resolution of each chain of an atomic model: its mean and its worst residue.

    python chain_table.py MODEL.cif MAP.mrc [HALF1.mrc HALF2.mrc]

The model (mmCIF or PDB, plain or gzipped) has to lie in the map. This script needs gemmi beside
MapRes: ``pip install gemmi``.
"""

import sys

import gemmi
import numpy as np

import mapres
from mapres.results.residues import residue_resolution


def main(model_path, map_path, *half_paths):
    """Measure the map, and print a line for each chain."""
    density = mapres.read(map_path)
    halves = tuple(mapres.read(path) for path in half_paths)
    local = mapres.local_resolution(density, half_maps=halves or None)

    structure = gemmi.read_structure(model_path)
    structure.setup_entities()
    structure.remove_hydrogens()
    structure.remove_waters()
    structure.remove_empty_chains()
    residues = [(chain.name, residue) for chain in structure[0] for residue in chain]
    atoms = [(k, atom.pos) for k, (_, residue) in enumerate(residues) for atom in residue]
    owners = np.array([k for k, _ in atoms])
    xyz = np.array([position.tolist() for _, position in atoms])
    # MapRes counts voxels along z, y, x; a map's voxel size and origin are along x, y, z.
    voxels = ((xyz - density.origin) / density.voxel_size)[:, ::-1]

    found = residue_resolution(local, voxels, owners)
    chains = np.array([chain for chain, _ in residues])
    print("chain  residues  in_map  mean_A  worst_A  worst_residue")
    for chain in dict.fromkeys(chains):
        known = np.flatnonzero((chains == chain) & found.known)
        count = np.count_nonzero(chains == chain)
        if known.size == 0:
            print(f"{chain:<5}  {count:8}  {0:6}       -        -  -")
            continue
        means = found.mean[known]
        worst = residues[known[means.argmax()]][1]
        print(f"{chain:<5}  {count:8}  {known.size:6}  {means.mean():6.2f}  {means.max():7.2f}  "
              f"{worst.name}{worst.seqid}")  # fmt: skip
    print(f"{found.fraction:.0%} of the atoms lie where the map has a resolution.")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 5):
        sys.exit(__doc__)
    main(*sys.argv[1:])
