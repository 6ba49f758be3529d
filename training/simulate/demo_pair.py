"""A small pair of half maps with its truth, to try every command on."""

from __future__ import annotations

from pathlib import Path

import mrcfile
import numpy as np
from numpy.typing import NDArray

from mapres.output import replacing
from training.data.structures import Structure
from training.simulate.recipe import Recipe
from training.simulate.reconstruct import reconstruct

SEED = 7


def write_example(structure: Structure, recipe: Recipe, folder: Path) -> None:
    """Write ``half1``, ``half2``, ``truth`` (Å) and ``mask`` as ``.mrc.gz``, 16 bits or fewer."""
    made = reconstruct(structure, recipe, np.random.default_rng(SEED))
    # Half precision holds 11 bits, far below the noise; a fixed scale keeps it in range.
    scale = 1 / made.half1.std()
    for name, values in {
        "half1": (scale * made.half1).astype(np.float16),
        "half2": (scale * made.half2).astype(np.float16),
        "truth": made.truth.astype(np.float16),
        "mask": made.mask.astype(np.int8),
    }.items():
        _write(folder / f"{name}.mrc.gz", values, recipe.voxel_size)
    print(f"{structure.id}: half-map FSC 0.143 expected at {made.resolution:.2f} Å")


def _write(path: Path, values: NDArray, voxel_size: float) -> None:
    with (
        replacing(path) as temporary,
        mrcfile.new(temporary, values, overwrite=True, compression="gzip") as mrc,
    ):
        mrc.voxel_size = voxel_size
