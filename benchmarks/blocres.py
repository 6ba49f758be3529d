"""blocres against the original program: agreement, time and memory, as a Markdown table.

Run ``python benchmarks/blocres.py [../shared/data]`` in the project's root. The data contain
the output of Bsoft. The 128³ pair is the 96³ one in a larger box of noise.
"""

from __future__ import annotations

import os
import resource
import sys
import time
from pathlib import Path

import numpy as np
from monores import enlarged, load_96

from mapres import read
from mapres.local.classical.blocres import blocres

ROOT = Path(__file__).resolve().parents[1]
VOXEL, BOX, RADIUS = 1.2, 20, 45


def main(data: Path) -> None:
    """Print the table, or report that the reference data are missing."""
    if not (data / "reference").is_dir():
        print(f"{data} is not there: the maps and Bsoft's output are not in the project.")
        return
    half_maps, mask = load_96(data)
    expected = read(data / "reference" / "blocres_0.5_96.mrc.gz").values
    # Largest first: the system reports the peak of the process so far.
    large, large_mask = enlarged(half_maps, mask)
    z, y, x = np.ogrid[:128, :128, :128]
    sphere = (z - 64) ** 2 + (y - 64) ** 2 + (x - 64) ** 2 < RADIUS**2
    print("| case | boxes | mean abs. Δ, Å | max. abs. Δ, Å | seconds | CPU seconds | memory, MB |")
    print("|---|---|---|---|---|---|---|")
    row(f"128³, every 3 voxels of a sphere of {RADIUS}", large, sphere, stride=3)
    row("128³, every 3 voxels", large, large_mask, stride=3)
    row("96³, every 3 voxels", half_maps, mask, expected, stride=3)
    row("96³, stride chosen", half_maps, mask)
    row("96³, every voxel", half_maps, mask, expected, stride=1)


def row(name, half_maps, mask, expected=None, **options) -> None:
    """Measure one case and print its line."""
    before, started, worked = peak(), time.perf_counter(), cpu_seconds()
    found = blocres(*half_maps, VOXEL, mask, box=BOX, **options)
    seconds, worked = time.perf_counter() - started, cpu_seconds() - worked
    cells = ["", ""]
    if expected is not None:
        difference = np.abs(found.values - expected)[expected > 0]
        cells = [f"{difference.mean():.4f}", f"{difference.max():.3f}"]
    boxes, memory = f"{found.visited.sum():,}", f"{peak() - before:.0f}" if peak() > before else ""
    print(f"| {' | '.join([name, boxes, *cells, f'{seconds:.1f}', f'{worked:.1f}', memory])} |")


def cpu_seconds() -> float:
    """Return the processor time of this process, which other processes hardly affect."""
    used = os.times()
    return used.user + used.system


def peak() -> float:
    """Return the peak memory of this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data")
