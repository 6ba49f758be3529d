"""Maps from EMDB and structures from the PDB: the lists of entries, and the folders they come to.

A folder holds its files and ``SHA256SUMS``, in the form that ``sha256sum --check`` reads. A file
that agrees with its sum is not fetched again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from tqdm import tqdm

from mapres.errors import OutputError
from training.data.download import WAITS, FetchError, Progress, ServerError, download
from training.data.structures import rows
from training.data.sums import SUMS, digest, read_sums, write_sums

EMDB = "https://ftp.ebi.ac.uk/pub/databases/emdb/structures"
PDB = "https://files.rcsb.org/download"
SPLITS = Path(__file__).parents[1] / "splits"
# Files in a row that the server failed on: there are 14,121 structures, and a server that is down
# costs 7 s each where it refuses, 47 s where it is silent.
PATIENCE = 3


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


@dataclass(frozen=True)
class Fetched:
    """What became of each file.

    Attributes
    ----------
    arrived : names of the files that were fetched
    kept : names of the files that were there already
    failed : entry to the sentence that says why it could not be had
    untried : entries left for another time, as the server failed on those before them
    """

    arrived: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    untried: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every file is there."""
        return not (self.failed or self.untried)

    def summary(self) -> str:
        """Return a line per failure, and one with the counts."""
        lines = [f"{entry}: {why}" for entry, why in self.failed.items()]
        if self.untried:
            lines.append(
                f"{self.untried[0]} and what follows it were not tried, as the server failed on "
                f"{PATIENCE} in a row; run this again to go on."
            )
        counts = [len(part) for part in (self.arrived, self.kept, self.failed, self.untried)]
        lines.append("{} fetched, {} already there, {} failed, {} not tried".format(*counts))
        return "\n".join(lines)


def paper_ids(used_for: str | None = None) -> list[str]:
    """Return the EMDB ids of the paper's maps.

    Parameters
    ----------
    used_for : ``global`` for the thirty that were classified, ``monores`` or ``resmap`` for those
        that the U-Nets learned from; all where it is left out
    """
    table = rows(SPLITS / "paper_maps.tsv")
    return [r["emdb_id"] for r in table if used_for is None or used_for in r["used_for"].split("+")]


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
        raise FetchError(f"{entry} is not an EMDB id; give a number such as 8221 or EMD-8221.")
    name = f"emd_{number}.map.gz"
    return Remote(f"EMD-{number}", _joined(base_url, f"EMD-{number}/map/{name}"), name)


def pdb_remote(entry: str, base_url: str = PDB) -> Remote:
    """Return where the mmCIF file of a PDB entry is."""
    if not (len(entry) == 4 and entry.isascii() and entry.isalnum()):
        raise FetchError(f"{entry} is not a PDB id; give four letters and digits such as 1Y1V.")
    name = f"{entry.lower()}.cif.gz"
    return Remote(entry.upper(), _joined(base_url, name), name)


def _joined(base_url: str, path: str) -> str:
    if not base_url.startswith(("http://", "https://")):
        raise FetchError(f"{base_url!r} is no server; give an address that starts with https://.")
    return f"{base_url.rstrip('/')}/{path}"


def fetch_maps(
    ids: Iterable[str], folder: Path, base_url: str = EMDB, progress: bool = True, **how
) -> Fetched:
    """Fetch maps from EMDB into a folder, as ``emd_1234.map.gz``; ``how`` goes to `fetch`."""
    return fetch([emdb_remote(entry, base_url) for entry in ids], folder, progress, **how)


def fetch_structures(
    ids: Iterable[str], folder: Path, base_url: str = PDB, progress: bool = True, **how
) -> Fetched:
    """Fetch structures from the PDB into a folder, as ``1y1v.cif.gz``; ``how`` goes to `fetch`.

    `training.data.structures.from_file` reads them, all chains of the first model.
    """
    return fetch([pdb_remote(entry, base_url) for entry in ids], folder, progress, **how)


def fetch(
    remotes: Sequence[Remote],
    folder: Path,
    progress: bool = True,
    expected: Mapping[str, str] | None = None,
    waits: Sequence[float] = WAITS,
) -> Fetched:
    """Fetch what a folder does not hold yet; one file that cannot be had stops no other.

    Parameters
    ----------
    remotes : the files
    folder : made where it is missing
    progress : show a bar of bytes per file
    expected : name to SHA-256, for files that must be the ones of an earlier time
    waits : see `training.data.download.download`

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder} ({error.strerror}).") from error
    expected = dict(expected or {})
    sums = read_sums(folder / SUMS) if (folder / SUMS).exists() else {}
    known, kept, missing = sums | expected, [], []
    for remote in dict.fromkeys(remotes):
        there = _is_there(folder / remote.name, known.get(remote.name))
        (kept if there else missing).append(remote)
    result = Fetched(kept=[remote.name for remote in kept])
    sums |= {name: known[name] for name in result.kept}
    # Even if nothing is new: a folder that cannot be written is said before anything is fetched.
    write_sums(folder / SUMS, sums)
    with requests.Session() as session:

        def receive(remote: Remote, title: str) -> None:
            with _bar(title, progress) as show:
                path, wanted = folder / remote.name, expected.get(remote.name)
                sums[remote.name] = download(session, remote.url, path, wanted, show, waits)
            write_sums(folder / SUMS, sums)

        _fetch_each(missing, receive, result)
    return result


def _fetch_each(
    missing: Sequence[Remote], receive: Callable[[Remote, str], None], result: Fetched
) -> None:
    """Receive one file after the other and note in ``result`` what became of it."""
    failed_in_a_row = 0
    for place, remote in enumerate(missing):
        if failed_in_a_row == PATIENCE:
            result.untried.extend(left.entry for left in missing[place:])
            return
        try:
            receive(remote, f"{place + 1}/{len(missing)} {remote.name}")
        except FetchError as error:
            result.failed[remote.entry] = str(error)
            failed_in_a_row = failed_in_a_row + 1 if isinstance(error, ServerError) else 0
        else:
            result.arrived.append(remote.name)
            failed_in_a_row = 0


def _is_there(path: Path, sha256: str | None) -> bool:
    return sha256 is not None and path.is_file() and digest(path) == sha256


@contextmanager
def _bar(title: str, shown: bool) -> Iterator[Progress]:
    """Yield what shows the bytes of one file."""
    with tqdm(
        desc=title, unit="B", unit_scale=True, unit_divisor=1024, leave=False, disable=not shown
    ) as bar:

        def show(done: int, total: int | None) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show
