"""Entries of EMDB and the PDB that training uses, and where the archives keep their files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from training.data.structures import rows

EMDB = "https://ftp.ebi.ac.uk/pub/databases/emdb/structures"
PDB = "https://files.rcsb.org/download"
SPLITS = Path(__file__).parents[1] / "splits"


@dataclass(frozen=True)
class Remote:
    """A file to fetch.

    Attributes
    ----------
    entry : what messages call it
    url : where it is
    name : what it is called in the folder
    """

    entry: str
    url: str
    name: str


def paper_ids(used_for: str | None = None) -> list[str]:
    """Return the EMDB ids of the paper's maps.

    Parameters
    ----------
    used_for : ``global`` for the thirty that were classified, ``monores`` or ``resmap`` for those
        that the U-Nets learned from; all where it is left out
    """
    return [row["emdb_id"] for row in paper_rows(used_for)]


def paper_rows(used_for: str | None = None) -> list[dict[str, str]]:
    """Return the rows of ``paper_maps.tsv``; see `paper_ids`."""
    table = rows(SPLITS / "paper_maps.tsv")
    return [row for row in table if used_for is None or used_for in row["used_for"].split("+")]


def pdb_ids(split: str | None = None) -> list[str]:
    """Return the PDB ids of the molecules of one split or all, each once.

    Chains whose entry is not known are left out.
    """
    table = rows(SPLITS / "structures.tsv", **({"split": split} if split else {}))
    return list(dict.fromkeys(row["pdb_id"] for row in table if row["pdb_id"]))


def emdb_remote(entry: str, base_url: str = EMDB) -> Remote:
    """Return where the map of an entry (1234 or EMD-1234) is in an archive laid out as EMDB."""
    number = entry.upper().removeprefix("EMD-")
    if not (number.isascii() and number.isdigit()):
        raise ValueError(f"{entry} is not an EMDB id; give a number such as 8221 or EMD-8221.")
    name = f"emd_{number}.map.gz"
    return Remote(f"EMD-{number}", _joined(base_url, f"EMD-{number}/map/{name}"), name)


def pdb_remote(entry: str, base_url: str = PDB) -> Remote:
    """Return where the mmCIF file of a PDB entry is."""
    if not (len(entry) == 4 and entry.isascii() and entry.isalnum()):
        raise ValueError(f"{entry} is not a PDB id; give four letters and digits such as 1Y1V.")
    name = f"{entry.lower()}.cif.gz"
    return Remote(entry.upper(), _joined(base_url, name), name)


def _joined(base_url: str, path: str) -> str:
    if not base_url.startswith(("http://", "https://")):
        raise ValueError(f"{base_url!r} is no server; give an address that starts with https://.")
    return f"{base_url.rstrip('/')}/{path}"
