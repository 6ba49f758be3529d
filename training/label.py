"""Local-resolution labels of maps by our own methods, written beside each other as MRC files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from mapres.density import Density
from mapres.errors import MapResError
from mapres.local import local_resolution
from mapres.mrc import read, write


def label_names(path: Path, method: str, out: Path) -> tuple[Path, Path]:
    """Return where the label and the mask of a map go."""
    stem = path.name.split(".")[0]
    return out / f"{stem}_{method}.mrc.gz", out / f"{stem}_{method}_mask.mrc.gz"


def label_maps(
    paths: Sequence[Path],
    method: str,
    out: Path,
    say: Callable[[str], None] = print,
    **options: float | None,
) -> list[Path]:
    """Write the local resolution of maps and the masks of what was measured; return the labels.

    A map whose ``<name>_half1`` and ``<name>_half2`` lie beside it is measured from those. Labels
    that are there already are kept; a map that the method refuses is left out, and said.
    """
    out.mkdir(parents=True, exist_ok=True)
    labels = []
    for path in paths:
        label, mask = label_names(path, method, out)
        if not label.exists():
            try:
                _label(path, method, label, mask, options)
            except MapResError as error:
                say(f"{path.name}: {error}")
                continue
            say(f"{path.name}: {label.name}")
        labels.append(label)
    return labels


def _label(path: Path, method: str, label: Path, mask: Path, options: dict) -> None:
    density = read(path)
    found = local_resolution(density, method=method, half_maps=_half_maps(path), **options)
    # The mask first: a label that is there says that both are.
    write(mask, density.with_values(found.mask.astype(np.float32)))
    write(label, density.with_values(found.resolved))


def _half_maps(path: Path) -> tuple[Density, Density] | None:
    stem, *suffixes = path.name.split(".")
    halves = [path.with_name(".".join([f"{stem}_half{n}", *suffixes])) for n in (1, 2)]
    return (read(halves[0]), read(halves[1])) if all(half.exists() for half in halves) else None
