"""The paper's simulated maps: every chain at 2.5, 7.5 and 12.5 Å in a box of 64³ voxels of 1 Å.

They are stored as float16, whose 11 bits are finer than anything the classifiers tell apart: one
``.npy`` per split, shape (molecules, 3, 64, 64, 64), read through a memory map.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from multiprocessing import Pool
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.features.avramov2019 import BOX, min_max
from training.data.structures import Structure, from_packed, rows
from training.simulate.atoms import simulate_pdb2mrc
from training.simulate.examples import one_thread

RESOLUTIONS = (2.5, 7.5, 12.5)
VOXEL_SIZE = 1.0
ORDER_SEED = 24061181
# Molecules per block: 32 of 1.5 MB each, after which an interrupted run goes on.
BLOCK = 32


def paper_molecules(data: Path, split: str, count: int | None = None) -> list[dict[str, str]]:
    """Return the chains of a split in a fixed random order: one per cluster of 40% identity."""
    table = rows(data / "structures.tsv", split=split)
    chains = [row for row in table if row["set"].startswith("chain")]
    order = np.random.default_rng(ORDER_SEED).permutation(len(chains))
    return [chains[k] for k in order[:count]]


def paper_map(structure: Structure, resolution: float) -> NDArray[np.float32]:
    """Simulate one map as the paper does, shape (64, 64, 64), scaled to [0, 1]."""
    return min_max(simulate_pdb2mrc(structure, resolution, VOXEL_SIZE, (BOX,) * 3))


def is_cut(structure: Structure) -> bool:
    """Tell whether atoms lie outside the box, so that the map shows only part of the molecule."""
    return bool(np.abs(structure.xyz).max() > 0.5 * BOX * VOXEL_SIZE)


def _three_maps(task: tuple[Path, int]) -> tuple[NDArray[np.float16], bool]:
    structure = from_packed(*task)
    maps = np.stack([paper_map(structure, resolution) for resolution in RESOLUTIONS])
    return maps.astype(np.float16), is_cut(structure)


def write_paper_maps(
    data: Path, split: str, count: int | None, folder: Path, processes: int = 2
) -> Iterator[tuple[int, int]]:
    """Simulate and store the maps of a split; goes on where an earlier call was interrupted.

    Writes ``<split>.npy`` and, when it is whole, ``<split>.json``: the molecules' ids and which of
    them the box cuts.

    Yields
    ------
    (molecules done, molecules altogether)
    """
    molecules = paper_molecules(data, split, count)
    path, state = folder / f"{split}.npy", folder / f"{split}.part.json"
    whole, ids = folder / f"{split}.json", [row["id"] for row in molecules]
    if whole.exists():
        if json.loads(whole.read_text())["ids"] == ids:
            yield len(ids), len(ids)
            return
        # Another number of molecules: from here the old set is gone.
        whole.unlink()
    shape = (len(molecules), len(RESOLUTIONS), BOX, BOX, BOX)
    cut: list[bool] = json.loads(state.read_text()) if state.exists() else []
    mode = "r+" if cut else "w+"
    maps = np.lib.format.open_memmap(path, mode, np.float16, shape)
    tasks = [(data / "structures.h5", int(row["index"])) for row in molecules]
    with Pool(processes, initializer=one_thread) as pool:
        for made, is_cut_off in pool.imap(_three_maps, tasks[len(cut) :], chunksize=4):
            maps[len(cut)] = made
            cut.append(is_cut_off)
            if len(cut) % BLOCK == 0 or len(cut) == len(molecules):
                maps.flush()
                state.write_text(json.dumps(cut))
                yield len(cut), len(molecules)
    whole.write_text(json.dumps({"ids": ids, "cut_off": cut}))
    os.remove(state)


class PaperMaps:
    """The stored maps of one split, one (molecule, resolution) pair after the other."""

    def __init__(self, folder: Path, split: str):
        summary = folder / f"{split}.json"
        if not summary.exists():
            raise FileNotFoundError(
                f"no whole set of {split} maps in {folder}; run the subcommand paper-maps first."
            )
        self.summary = json.loads(summary.read_text())
        self.stored = np.load(folder / f"{split}.npy", mmap_mode="r")

    def __len__(self) -> int:
        return len(self.stored) * len(RESOLUTIONS)

    @property
    def labels(self) -> NDArray[np.int32]:
        """0 high, 1 medium, 2 low; shape (n,)."""
        return np.tile(np.arange(len(RESOLUTIONS), dtype=np.int32), len(self.stored))

    def batch(self, indices: NDArray) -> NDArray[np.float32]:
        """Return maps, shape (n, 64, 64, 64, 1)."""
        flat = self.stored.reshape(-1, BOX, BOX, BOX)
        return flat[np.asarray(indices)].astype(np.float32)[..., None]
