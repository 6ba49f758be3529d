"""Time and memory of the default local resolution against map size: a Markdown table and a figure.

Run ``python benchmarks/local.py`` in the project's root. Each size is measured in a separate
process: a ball of the example's molecule in its own noise, and a mask of 15% of the box. Peak
memory is that of the process. Loading the models, and whatever else happens once per process, is
timed separately: a map of 48³ voxels is measured first.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from validation import ball, large_map

from mapres import local_resolution
from mapres.local.resolution import LocalResolution

ROOT = Path(__file__).resolve().parents[1]
EDGES = (64, 96, 128, 192, 256, 384, 512)
# A ball of this radius, in edges, fills 15% of the box.
RADIUS = 0.33


def main() -> None:
    """Print the table and draw the figure."""
    print("| box | mask | load, s | seconds | µs per voxel | peak memory, MB |")
    print("|---|---|---|---|---|---|")
    rows = []
    for edge in EDGES:
        command = [sys.executable, __file__, str(edge)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        masked, loading, seconds, memory = map(float, done.stdout.split())
        per_voxel = 1e6 * seconds / edge**3
        print(
            f"| {edge}³ | {masked:.0%} | {loading:.1f} | {seconds:.1f} | {per_voxel:.2f} | "
            f"{memory:.0f} |",
            flush=True,
        )
        rows.append((edge, seconds, memory))
    draw(rows, ROOT / "benchmarks" / "local.png")


def draw(rows: list[tuple[int, float, float]], path: Path) -> None:
    """Draw seconds and memory against the number of voxels, with lines proportional to it."""
    from matplotlib.figure import Figure

    edges, *measured = np.array(rows).T
    figure = Figure(figsize=(8, 3.4), dpi=120, layout="constrained")
    labels = ("seconds", "peak memory, MB")
    for axes, values, label in zip(figure.subplots(1, 2), measured, labels, strict=True):
        axes.loglog(edges**3, values, "o-", color="#0072B2", label="measured")
        axes.loglog(edges**3, values[-1] * (edges / edges[-1]) ** 3, "--", color="0.6",
                    label="proportional to the voxels")  # fmt: skip
        axes.set(xlabel="box", ylabel=label)
        axes.set_xticks(edges**3, [f"{edge:.0f}³" for edge in edges], fontsize="small")
        axes.minorticks_off()
        axes.legend(frameon=False)
    figure.savefig(path)


def _local(edge: int) -> LocalResolution:
    density = large_map(edge, RADIUS)
    mask = density.with_values(ball(edge, RADIUS).astype(np.float32), "ball")
    return local_resolution(density, mask=mask)


def measure(edge: int) -> None:
    """Measure one map of that edge and print the numbers of its row."""
    start = time.perf_counter()
    _local(48)
    loading = time.perf_counter() - start
    found = _local(edge)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(found.mask_fraction, loading, found.seconds, peak)


if __name__ == "__main__":
    measure(int(sys.argv[1])) if len(sys.argv) > 1 else main()
