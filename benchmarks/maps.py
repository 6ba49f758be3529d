"""Synthetic maps of any size: a ball of the example's molecules in noise like theirs.

Run as ``python benchmarks/maps.py FOLDER EDGE KIND ...`` to write kinds of one size as MRC files.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres import Density, read, write

ROOT = Path(__file__).resolve().parents[1]
# A ball of this radius, in edges, fills 15% of the box.
RADIUS = 0.33


def large_map(edge: int, radius: float = RADIUS, half: int = 1) -> Density:
    """Tile a half map of the example into a ball, ``radius`` in edges, in its own noise."""
    tile = read(ROOT / "examples" / f"half{half}.mrc.gz")
    repeats = -(-edge // tile.values.shape[0])
    tiled = np.tile(tile.values, (repeats,) * 3)[:edge, :edge, :edge]
    noise = np.random.default_rng(half - 1).standard_normal(tiled.shape, dtype=np.float32)
    solvent = np.float32(np.median(np.abs(tile.values - np.median(tile.values))) * 1.48)
    values = np.where(ball(edge, radius), tiled, solvent * noise)
    return Density(values, tile.voxel_size, name=f"{edge}")


def mean_map(edge: int) -> Density:
    """Return the mean of two half maps, in which MonoRes resolves more."""
    first, second = large_map(edge), large_map(edge, half=2)
    return first.with_values((first.values + second.values) / 2)


def mask(edge: int) -> Density:
    """Return the ball as a mask."""
    tile = read(ROOT / "examples" / "half1.mrc.gz")
    return Density(ball(edge, RADIUS).astype(np.float32), tile.voxel_size, name="ball")


def ball(edge: int, radius: float) -> NDArray[np.bool_]:
    """Return a bool array, true in a ball of ``radius``, in edges, at the middle of a box."""
    grid = np.arange(edge, dtype=np.int32) - edge // 2
    return grid[:, None, None] ** 2 + grid[:, None] ** 2 + grid**2 < (radius * edge) ** 2


# By the names of their files, ``map-256.mrc``; a suffix ``.gz`` compresses them.
KINDS = {
    "map": large_map,
    "half": lambda edge: large_map(edge, half=2),
    "mean": mean_map,
    "mask": mask,
}


def path_of(folder: Path, edge: int, kind: str) -> Path:
    """Return where a map of a kind and size is, such as ``map`` or ``map.gz``."""
    name, *suffix = kind.split(".")
    return folder / ".".join([f"{name}-{edge}", "mrc", *suffix])


def main(folder: Path, edge: int, *kinds: str) -> None:
    """Write the maps that are not there yet."""
    for kind in kinds:
        path = path_of(folder, edge, kind)
        if not path.exists():
            write(path, KINDS[kind.partition(".")[0]](edge))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
