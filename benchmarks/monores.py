"""MonoRes against the original program: agreement, time and memory, as a Markdown table.

Run ``python benchmarks/monores.py [../shared/data]`` in the project's root. The data contain
the output of Xmipp's MonoRes for two maps. The 128³ pair is the 96³ one in a larger box of noise.
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import numpy as np

from mapres import read
from mapres.local.classical.monores import monores

ROOT = Path(__file__).resolve().parents[1]
VOXEL, BOX = 1.2, 128


def main(data: Path) -> None:
    """Print the table, or report that the reference data are missing."""
    if not all((data / folder).is_dir() for folder in ("reference", "maps")):
        print(f"{data} is not there: the maps and Xmipp's output are not in the project.")
        return
    half_maps, mask = load_96(data)
    large, large_mask = enlarged(half_maps, mask)
    print("| case | r | mean abs. Δ, Å | max. abs. Δ, Å | seconds | peak memory, MB |")
    print("|---|---|---|---|---|---|")
    # Largest first: the system reports the peak of the process so far.
    for name, pair in (("half maps", large), ("one map", None)):
        values = (large[0] + large[1]) / 2
        row(f"{name}, 128³", values, VOXEL, large_mask, half_maps=pair)
    values = (half_maps[0] + half_maps[1]) / 2
    for name, file, pair in (("half maps", "halves", half_maps), ("one map", "single", None)):
        expected = read(data / "reference" / f"monores_{file}_96.mrc.gz").values
        row(f"{name}, 96³", values, VOXEL, mask, expected, half_maps=pair)
    betagal = read(data / "maps" / "ngl_betaGal.mrc.gz")
    mask = read(data / "reference" / "betagal_mask.mrc.gz").values
    expected = read(data / "reference" / "betagal_monores_single.mrc.gz").values
    row("beta-galactosidase, 100³", betagal.values, betagal.spacing, mask, expected, max_res=40.0)


def load_96(data: Path):
    """Return the two half maps and the mask of the reference."""
    reference = data / "reference"
    halves = tuple(read(reference / f"half{number}_96.mrc.gz").values for number in (1, 2))
    return halves, read(reference / "mask_96.mrc.gz").values


def enlarged(half_maps, mask):
    """Put half maps and mask into a 128³ box filled with noise like that of the solvent."""
    margin = (BOX - mask.shape[0]) // 2
    spread = float((half_maps[0] - half_maps[1])[mask < 0.5].std() / np.sqrt(2))
    generator = np.random.default_rng(0)
    inner = (slice(margin, -margin),) * 3
    halves = []
    for half in half_maps:
        box = spread * generator.standard_normal((BOX,) * 3, dtype=np.float32)
        box[inner] = half
        halves.append(box)
    return tuple(halves), np.pad(mask, margin)


def row(name, values, voxel, mask, expected=None, **options) -> None:
    """Measure one case and print its line."""
    before = peak()
    started = time.perf_counter()
    found = monores(values, voxel, mask, **options)
    seconds = time.perf_counter() - started
    cells = ["", "", ""]
    if expected is not None:
        inside = mask > 0.5
        difference = np.abs(found - expected)[inside]
        r = np.corrcoef(found[inside], expected[inside])[0, 1]
        cells = [f"{r:.6f}", f"{difference.mean():.6f}", f"{difference.max():.4f}"]
    memory = f"{peak() - before:.0f}" if peak() > before else ""
    print("| " + " | ".join([name, *cells, f"{seconds:.1f}", memory]) + " |")


def peak() -> float:
    """Return the peak memory of this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared" / "data")
