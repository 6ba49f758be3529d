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
# Voxels of the example, of which 90% are in the molecule.
MIDDLE = (slice(20, 44),) * 3


def large_map(edge: int, radius: float = RADIUS, half: int = 1) -> Density:
    """Tile a half map of the example into a ball, ``radius`` in edges, in its own noise."""
    density = example(half)
    noise = np.random.default_rng(half - 1).standard_normal((edge,) * 3, dtype=np.float32)
    values = np.where(ball(edge, radius), tiled(density.values, edge), spread(density) * noise)
    return density.with_values(values, f"{edge}")


def crowded_map(edge: int) -> Density:
    """Tile only the middle of the example's molecule, where MonoRes resolves nearly everything."""
    first, second = example(1), example(2)
    whole = first.with_values((first.values + second.values) / 2)
    noise = np.random.default_rng(0).standard_normal((edge,) * 3, dtype=np.float32)
    values = np.where(ball(edge, RADIUS), tiled(whole.values[MIDDLE], edge), spread(whole) * noise)
    return first.with_values(values, f"{edge}")


def mask(edge: int) -> Density:
    """Return the ball as a mask."""
    return example(1).with_values(ball(edge, RADIUS).astype(np.float32), "ball")


def example(half: int) -> Density:
    """Return a half map of the example, 64³ voxels of which the molecule fills 7%."""
    return read(ROOT / "examples" / f"half{half}.mrc.gz")


def tiled(values: NDArray, edge: int) -> NDArray:
    """Repeat values along each axis, to a box of that edge."""
    repeats = -(-edge // len(values))
    return np.tile(values, (repeats,) * 3)[:edge, :edge, :edge]


def spread(density: Density) -> np.float32:
    """Return the standard deviation of the solvent, from the median one of the whole map."""
    deviation = np.abs(density.values - np.median(density.values))
    return np.float32(1.48 * np.median(deviation))


def ball(edge: int, radius: float) -> NDArray[np.bool_]:
    """Return a bool array, true in a ball of ``radius``, in edges, at the middle of a box."""
    grid = np.arange(edge, dtype=np.int32) - edge // 2
    return grid[:, None, None] ** 2 + grid[:, None] ** 2 + grid**2 < (radius * edge) ** 2


# By the names of their files, ``map-256.mrc``; a suffix ``.gz`` compresses them.
KINDS = {
    "map": large_map,
    "half": lambda edge: large_map(edge, half=2),
    "crowd": crowded_map,
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
