"""Local-resolution labels of maps by our own methods, written beside each other as MRC files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.errors import MapResError
from mapres.io import read, write
from mapres.local.resolution import LocalResolution, local_resolution
from mapres.results.resample import UNRESOLVED

SUFFIXES = (".gz", ".bz2", ".mrc", ".map", ".ccp4", ".rec")


def stem(path: Path) -> str:
    """Return a map's name without the endings of map files and of compression."""
    name = path.name
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def label_maps(
    paths: Sequence[Path],
    method: str,
    out: Path,
    report: Callable[[str], None] = print,
    **options: float | None,
) -> list[Path]:
    """Write the local resolution of maps and the masks of what was measured; return the labels.

    A map ``name.mrc`` that has ``name_half1.mrc`` and ``name_half2.mrc`` beside it is measured from
    those. Where nothing that was tried is reached, the label is 100 Å, as ResMap writes it. A map
    that the method refuses is left out and reported.

    Raises
    ------
    MapResError
        If two maps have the same name.
    """
    names = [stem(path) for path in paths]
    if twice := [name for name in names if names.count(name) > 1]:
        raise MapResError(f"two maps are called {twice[0]}; label them into two folders.")
    out.mkdir(parents=True, exist_ok=True)
    labels = []
    for path, name in zip(paths, names, strict=True):
        try:
            density = read(path)
            halves = _half_maps(path, name, report)
            found = local_resolution(density, method=method, half_maps=halves, **options)
        except MapResError as error:
            report(f"left out: {error}")
            continue
        label = out / f"{name}_{method}.mrc.gz"
        write(out / f"{name}_{method}_mask.mrc.gz", density.with_values(found.mask.astype("f4")))
        write(label, density.with_values(as_label(found)))
        report(f"{path.name}: {label.name}")
        labels.append(label)
    return labels


def as_label(found: LocalResolution) -> NDArray[np.float32]:
    """Return resolutions in Å, 0 where none was found and 100 where nothing tried is reached."""
    if found.beyond is None:
        return found.resolved
    return np.where(found.beyond, np.float32(UNRESOLVED), found.resolved)


def _half_maps(path: Path, name: str, report: Callable[[str], None]):
    halves = [path.with_name(path.name.replace(name, f"{name}_half{n}", 1)) for n in (1, 2)]
    there = [half for half in halves if half.exists()]
    if len(there) == 1:
        report(f"{path.name}: {there[0].name} is there without the other half, and is not used")
    return (read(halves[0]), read(halves[1])) if len(there) == 2 else None
