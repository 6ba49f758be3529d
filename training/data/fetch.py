"""Maps from EMDB and structures from the PDB, into folders.

A folder holds its files and ``SHA256SUMS``, in the form that ``sha256sum --check`` reads. A file
that agrees with its sum is not fetched again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pooch
import requests
from tqdm import tqdm

from mapres.errors import OutputError
from mapres.output import replacing
from training.data.entries import EMDB, PDB, Remote, emdb_remote, pdb_remote
from training.data.resume import FetchError, Resuming, gzip_fault

SUMS = "SHA256SUMS"
# A dropped connection or a server that restarts costs 1 + 2 + 3 s, a server that is down no more.
RETRIES = 3
# Files in a row that the server failed on: there are 14,121 structures, and a server that is down
# costs 6 s each where it refuses, 46 s where it is silent.
PATIENCE = 3


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
) -> Fetched:
    """Fetch what a folder does not hold yet; one file that cannot be had stops no other.

    Parameters
    ----------
    remotes : the files
    folder : made where it is missing
    progress : show a bar of bytes per file
    expected : name to SHA-256, for files that must be the ones of an earlier time

    Raises
    ------
    OutputError
        If the folder cannot be written.
    """
    pooch.get_logger().setLevel("WARNING")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot make the folder {folder} ({error.strerror}).") from error
    sums = read_sums(folder / SUMS) if (folder / SUMS).exists() else {}
    # Even if nothing is new: a folder that cannot be written is an error before anything comes.
    write_sums(folder / SUMS, sums)
    known, result, failures = sums | dict(expected or {}), Fetched(), 0
    wanted = list(dict.fromkeys(remotes))
    for place, remote in enumerate(wanted):
        if failures == PATIENCE:
            result.untried.extend(left.entry for left in wanted[place:])
            break
        title = f"{place + 1}/{len(wanted)} {remote.name}" if progress else None
        failures += 1
        try:
            found = _fetch_one(remote, folder, known.get(remote.name), title, result)
        except requests.RequestException as error:
            result.failed[remote.entry] = (
                f"{remote.url} could not be had in {RETRIES + 1} tries ({error}); check the "
                "network and run this again, or give another server."
            )
            continue
        except FetchError as error:
            result.failed[remote.entry] = str(error)
        except OSError as error:
            raise OutputError(f"cannot write into {folder} ({error.strerror or error}).") from error
        else:
            if sums.get(remote.name) != found:
                write_sums(folder / SUMS, sums := sums | {remote.name: found})
        failures = 0
    return result


def _fetch_one(
    remote: Remote, folder: Path, sha256: str | None, title: str | None, result: Fetched
) -> str:
    """Fetch a file if it is not there, and note which in ``result``; return its SHA-256."""
    path = folder / remote.name
    if sha256 is None and path.exists() and gzip_fault(path):
        path.unlink()  # Pooch takes a file that no sum is known of as it is.
    names = {"registry": {remote.name: sha256}, "urls": {remote.name: remote.url}}
    store = pooch.create(folder, base_url="", retry_if_failed=RETRIES, **names)
    with tqdm(desc=title, unit="B", unit_scale=True, leave=False, disable=title is None) as bar:
        action = store.fetch(
            remote.name,
            processor=lambda path, action, store: action,
            downloader=Resuming(path, sha256, bar),
        )
    (result.kept if action == "fetch" else result.arrived).append(remote.name)
    return sha256 or pooch.file_hash(str(path))


def read_sums(path: Path) -> dict[str, str]:
    """Return name to SHA-256 of a file that ``sha256sum`` wrote.

    Raises
    ------
    ValueError
        If there is no such file, or it is something else.
    """
    if not path.is_file():
        raise ValueError(f"{path} does not exist; give the {SUMS} of an earlier download.")
    sums = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        match = re.fullmatch(r"([0-9a-fA-F]{64}) [ *](.+)", line)
        if match is None:
            raise ValueError(f"{path} is not a list of SHA-256 sums ({line[:40]!r}); remove it.")
        sums[match[2]] = match[1].lower()
    return sums


def write_sums(path: Path, sums: Mapping[str, str]) -> None:
    """Write name to SHA-256, whole or not at all."""
    text = "".join(f"{found}  {name}\n" for name, found in sums.items())
    with replacing(path) as temporary:
        Path(temporary).write_text(text, encoding="utf-8")
