"""What is measured, and the process in which a case is measured again and again.

Run as ``python benchmarks/cases.py CASE FOLDER``: for every line on standard input, the edge of a
map, it reads the maps of that size from the folder, does the work, and prints the seconds of the
work alone. Only names that all versions have are used of MapRes, whichever is on the path.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from maps import ROOT, path_of

REFERENCE = ROOT.parent / "shared" / "data" / "reference"
Work = Callable[[], object]


@dataclass(frozen=True)
class Case:
    """Something to measure.

    Attributes
    ----------
    title : in the tables
    edges : of the maps, voxels
    files : the kinds of maps that it needs, see `maps.KINDS`
    command : arguments of ``python -m mapres``, with the names of files in braces, for a whole
        process; without one, `prepare` returns the work, which is done within a process that has
        done it before
    prepare : called as ``prepare(*paths)``
    once : whether the first answer is measured, because the case takes minutes
    """

    title: str
    edges: tuple[int, ...]
    files: tuple[str, ...] = ()
    command: str = ""
    prepare: Callable[..., Work] | None = None
    once: bool = False


def _fft_pair(path: Path) -> Work:
    import scipy.fft

    from mapres import read, threads

    values, workers = read(path).values, threads.count()

    def pair():
        scipy.fft.irfftn(scipy.fft.rfftn(values, workers=workers), values.shape, workers=workers)

    return pair


def _validate(path: Path) -> Work:
    from mapres import read, validate

    density = read(path)
    return lambda: validate(density)


def _local(path: Path, mask: Path | None = None, **options) -> Work:
    from mapres import local_resolution, read

    density = read(path)
    options["mask"] = mask and read(mask)
    return lambda: local_resolution(density, **options)


def _monores(path: Path, mask: Path) -> Work:
    return _local(path, mask, method="monores")


def _blocres() -> Work:
    from mapres import local_resolution, read

    first, second, mask = (
        read(REFERENCE / f"{name}_96.mrc.gz") for name in ("half1", "half2", "mask")
    )
    options = {"method": "blocres", "box_size": 24.0, "stride": 1}
    return lambda: local_resolution(first, mask=mask, half_maps=(first, second), **options)


def _fsc(first: Path, second: Path, mask: Path) -> Work:
    from mapres import fourier_shell_correlation, read

    a, b, inside = map(read, (first, second, mask))
    return lambda: fourier_shell_correlation(a.values, b.values, a.voxel_size, inside.values)


def _read(path: Path) -> Work:
    from mapres import read

    return lambda: read(path)


FFT_PAIR = "fft"
LARGE = (128, 256)
CASES = {
    FFT_PAIR: Case("FFT pair", (), ("map",), prepare=_fft_pair),
    "validate": Case("`mapres validate`", (64, *LARGE), ("map",), "validate {map}"),
    "local": Case(
        "`mapres local`, mask", LARGE, ("map", "mask"), "local {map} --mask {mask} -o {out}"
    ),
    "validate-again": Case("validate, again", LARGE, ("map",), prepare=_validate),
    "local-again": Case("local, mask, again", LARGE, ("map", "mask"), prepare=_local),
    "local-automatic": Case("local, automatic mask, again", LARGE, ("map",), prepare=_local),
    "monores": Case("MonoRes, one map", LARGE, ("crowd", "mask"), prepare=_monores),
    "blocres": Case("blocres, every voxel", (96,), prepare=_blocres, once=True),
    "fsc": Case("FSC, mask", LARGE, ("map", "half", "mask"), prepare=_fsc),
    "read": Case("read .mrc", (256,), ("map",), prepare=_read),
    "read-gz": Case("read .mrc.gz", (256,), ("map.gz",), prepare=_read),
}


def available() -> dict[str, Case]:
    """Return the cases whose data are there, without the unit that they are measured in."""
    missing = {FFT_PAIR} if REFERENCE.is_dir() else {FFT_PAIR, "blocres"}
    return {name: case for name, case in CASES.items() if name not in missing}


def main(name: str, folder: Path) -> None:
    """Measure a case for every edge on standard input."""
    answers, sys.stdout = sys.stdout, sys.stderr
    case, work = CASES[name], None
    for line in sys.stdin:
        # What the last one held is given back before more is read.
        work = None
        work = case.prepare(*(path_of(folder, int(line), kind) for kind in case.files))
        started = time.perf_counter()
        work()
        print(time.perf_counter() - started, file=answers, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
