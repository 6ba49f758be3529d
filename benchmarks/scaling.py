"""Time and memory against map size: a Markdown table, exponents, and a figure.

Run ``python benchmarks/scaling.py`` in the project's root. Each size and command has a process of
its own, which has analyzed a map of 48³ voxels before, so that loading is not measured. If time is
proportional to the number of voxels, the exponent is 1.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from statistics import median

import numpy as np
from cases import CASES, FFT_PAIR
from compare import line, machine, written
from maps import ROOT
from numpy.typing import NDArray
from processes import Inside, make_maps

EDGES = (64, 96, 128, 192, 256, 384, 512)
NAMES = {"validate-again": "#0072B2", "local-again": "#D55E00"}
FIRST = 48
# Edge from which one run, of minutes, is enough, and from which exponents are fitted.
LARGE, PROPORTIONAL = 384, 128
RUNS = 3


def main() -> None:
    """Print the table and the exponents, and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--edges", metavar="N", type=int, nargs="+", default=EDGES)
    default = ROOT / "benchmarks" / "scaling.png"
    parser.add_argument("--figure", metavar="FILE", type=Path, default=default)
    options = parser.parse_args()
    cells = ["case", "box", "seconds", "FFT pairs", "µs per voxel", "MB"]
    print(machine(), line(cells), line(["---"] * len(cells)), sep="\n", flush=True)
    found = {name: [row(name, edge) for edge in options.edges] for name in NAMES}
    print()
    for name, rows in found.items():
        print(sentence(name, np.array(rows)))
    draw(found, options.figure)


def row(name: str, edge: int) -> tuple[int, float, float]:
    """Measure a size and print its row; return the edge, seconds and MB."""
    with tempfile.TemporaryDirectory() as folder:
        pair, _ = measured(FFT_PAIR, edge, Path(folder))
        seconds, memory = measured(name, edge, Path(folder))
    numbers = (seconds, seconds / pair, 1e6 * seconds / edge**3, memory)
    print(line([CASES[name].title, f"{edge}³", *map(written, numbers)]), flush=True)
    return edge, seconds, memory


def measured(name: str, edge: int, folder: Path) -> tuple[float, float]:
    """Return the seconds of a case, and the peak memory of its process in MB."""
    make_maps(folder, name, FIRST)
    make_maps(folder, name, edge)
    process = Inside(ROOT / "src", name, folder)
    process.run(FIRST)
    seconds = median(process.run(edge) for _ in range(1 if edge >= LARGE else RUNS))
    return seconds, process.close()


def exponent(edges: NDArray, values: NDArray) -> float:
    """Return the exponent of a power law of the number of voxels, fitted to logarithms."""
    return float(np.polyfit(np.log(edges**3), np.log(values), 1)[0])


def sentence(name: str, rows: NDArray) -> str:
    """Return what the exponents of a case are, from all sizes and from the large ones."""
    parts = []
    for column, title in enumerate(("time", "memory"), 1):
        fits = [f"{title} over all sizes {exponent(rows[:, 0], rows[:, column]):.2f}"]
        large = rows[rows[:, 0] >= PROPORTIONAL]
        if len(large) > 1:
            from_large = exponent(large[:, 0], large[:, column])
            fits.append(f"from {PROPORTIONAL}³ {from_large:.2f}")
        parts.append(", ".join(fits))
    return f"{CASES[name].title}: exponents of {'; of '.join(parts)}."


def draw(found: dict[str, list[tuple[int, float, float]]], path: Path) -> None:
    """Draw seconds and memory against the number of voxels, with the fitted lines."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 3.4), dpi=120, layout="constrained")
    for column, (axes, title) in enumerate(
        zip(figure.subplots(1, 2), ("seconds", "peak memory, MB"), strict=True), 1
    ):
        for name, rows in found.items():
            edges, values = np.array(rows)[:, [0, column]].T
            curve(axes, edges, values, CASES[name].title, NAMES[name])
        axes.set(xlabel="box", ylabel=title)
        axes.set_xticks(edges**3, [f"{edge:.0f}³" for edge in edges], fontsize="small")
        axes.minorticks_off()
        axes.legend(frameon=False)
    figure.savefig(path)


def curve(axes, edges: NDArray, values: NDArray, label: str, color: str) -> None:
    """Draw a curve with the line fitted to its large sizes, or to all if they are few."""
    large = edges >= PROPORTIONAL if np.sum(edges >= PROPORTIONAL) > 1 else edges > 0
    slope, offset = np.polyfit(np.log(edges[large] ** 3), np.log(values[large]), 1)
    axes.loglog(edges**3, values, "o", color=color, label=f"{label}: exponent {slope:.2f}")
    axes.loglog(edges**3, np.exp(offset) * edges ** (3 * slope), "--", color=color, linewidth=1)


if __name__ == "__main__":
    main()
