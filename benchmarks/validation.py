"""Time and memory of validating a map, as a Markdown table.

Run ``python benchmarks/validation.py`` in the project's root. Each size is measured in a separate
process: a box of noise with copies of the example's molecule in its middle, validated twice; the
first call loads the model. Peak memory is that of the process.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from mapres import Density, read, validate

ROOT = Path(__file__).resolve().parents[1]
EDGES = (64, 128, 256)


def main() -> None:
    """Print the table."""
    print("| | seconds | peak memory, MB |")
    print("|---|---|---|")
    print(f"| import mapres | {importing():.3f} | |")
    for edge in EDGES:
        done = subprocess.run(
            [sys.executable, __file__, str(edge)], capture_output=True, text=True, check=True
        )
        print(done.stdout, end="")


def importing() -> float:
    """Return the seconds that a fresh interpreter takes to import the package, best of five."""
    code = "import time; t = time.perf_counter(); import mapres; print(time.perf_counter() - t)"
    command = [sys.executable, "-c", code]
    runs = (subprocess.run(command, capture_output=True) for _ in range(5))
    return min(float(run.stdout) for run in runs)


def row(edge: int) -> None:
    """Validate one map of that edge and print its row."""
    density = large_map(edge)
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        validate(density)
        seconds.append(time.perf_counter() - start)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"| validate {edge}³, first call (loads the model) | {seconds[0]:.1f} | |")
    print(f"| validate {edge}³, after that | {seconds[1]:.1f} | {peak:.0f} |")


def large_map(edge: int, radius: float = 0.25):
    """Tile the example's molecule into a ball, ``radius`` in edges, in its own noise."""
    half = read(ROOT / "examples" / "half1.mrc.gz")
    repeats = -(-edge // half.values.shape[0])
    tiled = np.tile(half.values, (repeats,) * 3)[:edge, :edge, :edge]
    noise = np.random.default_rng(0).standard_normal(tiled.shape, dtype=np.float32)
    inside = ball(edge, radius)
    solvent = float(np.median(np.abs(half.values - np.median(half.values))) * 1.48)
    return Density(np.where(inside, tiled, solvent * noise), half.voxel_size, name=f"{edge}")


def ball(edge: int, radius: float):
    """Return a bool array, true in a ball of ``radius``, in edges, at the middle of a box."""
    grid = np.arange(edge, dtype=np.int32) - edge // 2
    return grid[:, None, None] ** 2 + grid[:, None] ** 2 + grid**2 < (radius * edge) ** 2


if __name__ == "__main__":
    row(int(sys.argv[1])) if len(sys.argv) > 1 else main()
