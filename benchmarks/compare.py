"""Time and memory of MapRes, beside those of an earlier commit, as a Markdown table.

Run ``python benchmarks/compare.py [--base COMMIT] [--runs 5]`` in the project's root. Both versions
run in this Python, in turn, and so does a pair of Fourier transforms of the same box (float32, as
many threads as MapRes uses): seconds divided by those of a pair depend little on the machine. Given
are medians; the first run of each is not counted.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import median

from cases import CASES, FFT_PAIR, available
from maps import ROOT
from processes import Failed, Inside, Whole, make_maps, opened, unpacked

from mapres import threads

OURS = "now"
RUNS = 5


@dataclass(frozen=True)
class Measured:
    """Median seconds and peak memory in MB of one side, NaN if it failed."""

    seconds: float = math.nan
    memory: float = math.nan


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    options = parser().parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        sources = {OURS: ROOT / "src"}
        if options.base:
            sources = {options.base: unpacked(options.base, folder)} | sources
        print(machine(), *header([*sources]), sep="\n", flush=True)
        for name in options.cases:
            own = CASES[name].edges
            for edge in (options.edges or own) if CASES[name].files else own:
                found = measure(sources, name, edge, options.runs, folder)
                print(row(name, edge, found), flush=True)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the options."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--base", metavar="COMMIT", help="an earlier commit to compare with")
    parser.add_argument("--runs", metavar="N", type=int, default=RUNS, help="of which the median")
    parser.add_argument("--edges", metavar="N", type=int, nargs="+", help="of the maps, voxels")
    names = [*available()]
    parser.add_argument("--cases", metavar="CASE", nargs="+", default=names, choices=names)
    return parser


def measure(
    sources: dict[str, Path], name: str, edge: int, runs: int, folder: Path
) -> dict[str, Measured]:
    """Measure a case with each of the sources in turn, and a pair of transforms between."""
    make_maps(folder, name, edge)
    make_maps(folder, FFT_PAIR, edge)
    sides = {side: opened(source, name, folder) for side, source in sources.items()}
    sides[FFT_PAIR] = opened(ROOT / "src", FFT_PAIR, folder)
    sides[FFT_PAIR].run(edge)
    seconds = in_turn(sides, edge, 1 if CASES[name].once else runs + 1)
    return {side: result(process, seconds[side]) for side, process in sides.items()}


def result(process: Whole | Inside, seconds: list[float]) -> Measured:
    """Close a process; return what was measured, without the first run if there are others."""
    try:
        memory = process.close()
    except Failed:
        return Measured()
    return Measured(median(seconds[1:] or seconds), memory) if seconds else Measured()


def in_turn(sides: dict[str, Whole | Inside], edge: int, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of every round, by side; those that fail are left alone then."""
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    for number in range(rounds):
        for side, process in sides.items():
            if len(seconds[side]) == number:
                with suppress(Failed):
                    seconds[side].append(process.run(edge))
    return seconds


def machine() -> str:
    """Return a line about what the figures depend on."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "onnxruntime"))
    load = f", load {os.getloadavg()[0]:.1f} at the start" if hasattr(os, "getloadavg") else ""
    return (
        f"{threads.count()} threads on {processor()}{load}; "
        f"Python {platform.python_version()}, {packages}\n"
    )


def processor() -> str:
    """Return the name of the processor."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def header(sides: list[str]) -> list[str]:
    """Return the header of the table."""
    cells = ["case", "box", "FFT pair, s"]
    for side in sides:
        cells += [f"{side}: s", "FFT pairs", "MB"]
    if len(sides) > 1:
        cells += ["time, ratio", "memory, ratio"]
    return [line(cells), line(["---"] * len(cells))]


def row(name: str, edge: int, found: dict[str, Measured]) -> str:
    """Return the row of a case."""
    pair = found.pop(FFT_PAIR).seconds
    numbers = [pair]
    for side in found.values():
        numbers += [side.seconds, side.seconds / pair, side.memory]
    if len(found) > 1:
        base, ours = found.values()
        numbers += [ours.seconds / base.seconds, ours.memory / base.memory]
    return line([CASES[name].title, f"{edge}³", *map(written, numbers)])


def written(value: float) -> str:
    """Return a number with three digits, or all before the point; a dash where there is none."""
    if math.isnan(value):
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def line(cells: Iterable[str]) -> str:
    """Return a line of a Markdown table."""
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
