"""Published maps and their published resolution: what the paper's tables 2 to 5 are made from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from training.data.entries import paper_rows
from training.data.structures import rows


@dataclass(frozen=True)
class Published:
    """One published map.

    Attributes
    ----------
    name : entry or file
    path : of the map
    resolution : Å, as published
    paper : class that the paper's (dense, 3D CNN) networks found, or None
    """

    name: str
    path: Path
    resolution: float
    paper: tuple[str, str] | None = None


def listed_maps(folder: Path) -> list[Published]:
    """Return the maps of a folder whose ``maps.tsv`` states a published resolution."""
    return [
        Published(row["file"], folder / row["file"], float(row["published_resolution_A"]))
        for row in rows(folder / "maps.tsv")
        if row["published_resolution_A"]
    ]


def paper_maps(folder: Path) -> list[Published]:
    """Return the paper's thirty, in a folder that `fetch` has filled as far as it could.

    Raises
    ------
    FileNotFoundError
        If there is none.
    """
    found = []
    for row in paper_rows("global"):
        path = folder / f"emd_{row['emdb_id']}.map.gz"
        name, paper = f"EMD-{row['emdb_id']}", (row["dnn"], row["cnn"])
        found.append(Published(name, path, float(row["resolution_A"]), paper))
    if not any(published.path.exists() for published in found):
        raise FileNotFoundError(f"no map in {folder}; run python -m training fetch first.")
    return found


def published_resolution(path: Path) -> float | None:
    """Return the published Å of a map in a folder that `published_maps` knows; None of others."""
    try:
        listed = published_maps(path.parent)
    except FileNotFoundError:
        return None
    return {each.path: each.resolution for each in listed}.get(path)


def labeled_resolutions(method: str) -> tuple[float, ...]:
    """Return the published Å, where known, of the maps that the paper labeled with a method."""
    return tuple(float(row["resolution_A"]) for row in paper_rows(method) if row["resolution_A"])


def published_maps(folder: Path) -> list[Published]:
    """Return what a folder holds: maps listed in its ``maps.tsv``, else the paper's thirty."""
    return listed_maps(folder) if (folder / "maps.tsv").exists() else paper_maps(folder)
