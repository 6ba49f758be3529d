"""One gzip file over HTTP: a transfer goes on where it was interrupted, and is checked when whole.

While ``NAME`` arrives it is called ``NAME.part``. Beside it, ``NAME.part.version`` keeps what the
server calls the version that it comes from, so that two versions are never joined into one file.
"""

from __future__ import annotations

import gzip
import os
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import requests
from urllib3.exceptions import HTTPError

from mapres.errors import OutputError
from training.data.sums import digest

# Seconds before the second, third and fourth try: a dropped connection or a server that restarts
# costs 7 s, a server that is down no more.
WAITS = (1.0, 2.0, 4.0)
# Seconds to connect, and to wait for the next bytes.
TIMEOUT = (10.0, 60.0)
# Bytes per read: a connection that breaks off loses at most so many.
PIECE = 2**16

Progress = Callable[[int, "int | None"], None]


class FetchError(ValueError):
    """A file cannot be had; the message says why and what to do."""


class ServerError(FetchError):
    """The server cannot be reached, or fails each time: other files of it hardly fare better."""


class _BrokenOff(Exception):
    """One try failed; the next one may not."""


class _Part:
    """What is already there of a file, and of which version it is."""

    def __init__(self, path: Path):
        self.file = path.with_name(path.name + ".part")
        self._version = path.with_name(path.name + ".part.version")

    @property
    def size(self) -> int:
        return self.file.stat().st_size if self.file.exists() else 0

    @property
    def version(self) -> str:
        return self._version.read_text(encoding="utf-8") if self._version.exists() else ""

    def start(self, version: str) -> None:
        # Emptied first: killed in between, it holds nothing that the version could belie.
        self.file.write_bytes(b"")
        self._version.write_text(version, encoding="utf-8")

    def discard(self) -> None:
        self.file.unlink(missing_ok=True)
        self._version.unlink(missing_ok=True)

    def rename(self, path: Path) -> None:
        os.replace(self.file, path)
        self._version.unlink(missing_ok=True)


def download(
    session: requests.Session,
    url: str,
    path: Path,
    sha256: str | None = None,
    progress: Progress = lambda done, total: None,
    waits: Sequence[float] = WAITS,
) -> str:
    """Fetch one gzip file; it is called ``path`` only once it is whole.

    Parameters
    ----------
    session : keeps the connection between files
    url : where the file is
    path : what it becomes; what an earlier call left in ``path.part`` is not fetched again
    sha256 : what its bytes must add up to, where that is known
    progress : called with the bytes there and, where the server tells, altogether (or None)
    waits : seconds before each further try; the count starts anew whenever bytes arrived

    Returns
    -------
    str
        SHA-256 of the file.

    Raises
    ------
    FetchError
        If the server does not have the file, or what it sends is damaged or another file.
    ServerError
        If the server cannot be reached or fails at each try.
    OutputError
        If the folder cannot be written.
    """
    part = _Part(path)
    try:
        # Once more from the start: the damaged bytes may be those of an earlier call.
        for _ in range(2):
            _receive_patiently(session, url, part, progress, waits)
            found, fault = digest(part.file), _fault(part.file)
            if fault is None and sha256 in (None, found):
                part.rename(path)
                return found
            part.discard()
    except OSError as error:
        raise OutputError(f"cannot write {path} ({error.strerror or error}).") from error
    if fault is not None:
        raise FetchError(f"{url} is not a whole gzip file ({fault}); give another server.")
    raise FetchError(
        f"the SHA-256 of {url} is {found} instead of {sha256}: the file has changed since; "
        "look up why, and leave the sum out if the new file is wanted."
    )


def _fault(path: Path) -> str | None:
    """Read a gzip file through; return what is wrong with it."""
    try:
        with gzip.open(path) as stream:
            while stream.read(PIECE):
                pass
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        return str(error).rstrip(".")
    return "it is empty" if path.stat().st_size == 0 else None


def _receive_patiently(
    session: requests.Session, url: str, part: _Part, progress: Progress, waits: Sequence[float]
) -> None:
    """Receive the rest of a file in as many tries as it takes while any bytes come."""
    farthest, left = part.size, list(waits)
    while True:
        try:
            return _receive(session, url, part, progress)
        except (_BrokenOff, requests.RequestException, HTTPError) as error:
            if part.size > farthest:
                farthest, left = part.size, list(waits)
            if not left:
                raise ServerError(
                    f"{url} could not be had, {len(waits) + 1} tries in a row ({_reason(error)}); "
                    "check the network and run this again, or give another server."
                ) from error
        time.sleep(left.pop(0))


def _receive(session: requests.Session, url: str, part: _Part, progress: Progress) -> None:
    """Ask once for what is missing and append it, or write all where the server sends all."""
    # The files are compressed as they are: undoing that on the way would change their sum.
    headers = {"Accept-Encoding": "identity"}
    have, version = part.size, part.version
    if have and version:
        headers |= {"Range": f"bytes={have}-", "If-Range": version}
    with session.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == 416 and _range(response) == f"bytes */{have}":
            return  # Interrupted after the last byte.
        if response.status_code == 416 or not _continues(response, have, version):
            part.discard()
            raise _BrokenOff("the file has changed on the server")
        _check_status(response, url)
        if response.status_code != 206:
            have = 0
            part.start(_version(response))
        _append(response, part, have, progress)


def _append(response: requests.Response, part: _Part, have: int, progress: Progress) -> None:
    total = _total(response, have)
    progress(have, total)
    with open(part.file, "ab") as out:
        for piece in response.raw.stream(PIECE, decode_content=False):
            out.write(piece)
            have += len(piece)
            progress(have, total)
    if total not in (None, have):
        raise _BrokenOff(f"{have} of {total} bytes came")


def _continues(response: requests.Response, have: int, version: str) -> bool:
    """Tell whether a partial answer starts where the part ends, and is of the same version."""
    if response.status_code != 206:
        return True
    # With If-Range a server may leave the version out.
    same = _version(response) in ("", version)
    return same and _range(response).startswith(f"bytes {have}-")


def _total(response: requests.Response, have: int) -> int | None:
    """Return the bytes of the whole file; a server may send fewer than it was asked for."""
    whole = _range(response).rpartition("/")[2]
    length = response.headers.get("Measurements-Length", "")
    if whole.isdigit():
        return int(whole)
    return have + int(length) if length.isdigit() else None


def _range(response: requests.Response) -> str:
    return response.headers.get("Measurements-Range", "")


def _version(response: requests.Response) -> str:
    """Return what If-Range takes: a strong ETag, or the date; empty where there is neither."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified", "")


def _check_status(response: requests.Response, url: str) -> None:
    status = response.status_code
    if status == 404:
        raise FetchError(f"{url} does not exist (404); check the id, or give another server.")
    # Too many requests, and whatever is the server's own fault, may pass.
    if status == 429 or status >= 500:
        raise _BrokenOff(f"the server answers {status}")
    if status not in (200, 206):
        raise FetchError(f"the server refuses {url} ({status}); give another server.")


def _reason(error: BaseException) -> str:
    """Return what the innermost error says: those around it repeat it with their own names."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
