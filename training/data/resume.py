"""Pooch's transfer of one gzip file, made to go on where an earlier one was interrupted.

While ``NAME`` arrives it is called ``NAME.part``; ``NAME.part.version`` keeps what the server calls
the version that it comes from. Should a server join two versions all the same, the checksum at the
end of every gzip file tells.
"""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

import pooch
import requests
from tqdm import tqdm
from urllib3.exceptions import HTTPError

# Seconds to connect, and to wait for the next bytes.
TIMEOUT = (10.0, 60.0)
# Bytes per read: a connection that breaks off loses at most so many.
PIECE = 2**16


class FetchError(RuntimeError):
    """A file cannot be had, however often it is tried: no ValueError, which pooch retries."""


class Resuming:
    """A downloader for `pooch.Pooch.fetch`.

    Parameters
    ----------
    path : what the file becomes; what an earlier call left in ``path.part`` is not fetched again
    sha256 : what its bytes must add up to, where that is known
    bar : shows the bytes that are there
    """

    def __init__(self, path: Path, sha256: str | None, bar: tqdm):
        self.part = path.with_name(f"{path.name}.part")
        self.version = path.with_name(f"{path.name}.part.version")
        self.sha256, self.bar = sha256, bar

    def __call__(self, url: str, output_file: str, _pooch) -> None:
        """Receive a file in as many requests as it takes while each of them brings bytes."""
        resumed, whole = self._have > 0, False
        while not whole:
            before = self._have
            try:
                whole = self._receive(url, before)
            except (requests.RequestException, HTTPError) as error:
                if self._have <= before:
                    raise requests.ConnectionError(_reason(error)) from error
        fault = gzip_fault(self.part) or self._change()
        if fault is None:
            os.replace(self.part, output_file)
        self._forget()
        if fault:
            # The damaged bytes may be those of an earlier call: pooch tries a ValueError again.
            raise (ValueError if resumed else FetchError)(f"{url} {fault}")

    @property
    def _have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def _receive(self, url: str, have: int) -> bool:
        """Request what is missing once; return whether the file is whole."""
        # The files are compressed as they are: undoing that on the way would change their sum.
        headers = {"Accept-Encoding": "identity"}
        if have and self.version.exists():
            version = self.version.read_text(encoding="utf-8")
            headers |= {"Range": f"bytes={have}-", "If-Range": version}
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
            if answer.status_code == 416 and have:
                return True  # Nothing is missing, or the file has shrunk: its checksum tells.
            _check_status(answer, url)
            if answer.status_code != 206:
                self._forget()
                if version := _version(answer):
                    self.version.write_text(version, encoding="utf-8")
            return self._append(answer)

    def _append(self, answer: requests.Response) -> bool:
        total = answer.headers.get("Content-Range", "").rpartition("/")[2]
        self.bar.total = int(total or answer.headers.get("Content-Length", 0)) or None
        self.bar.update(self._have - self.bar.n)
        with open(self.part, "ab") as out:
            for piece in answer.raw.stream(PIECE, decode_content=False):
                out.write(piece)
                self.bar.update(len(piece))
        return self.bar.total in (None, self._have)

    def _forget(self) -> None:
        self.part.unlink(missing_ok=True)
        self.version.unlink(missing_ok=True)

    def _change(self) -> str | None:
        if self.sha256 in (None, pooch.file_hash(str(self.part))):
            return None
        return (
            f"has changed: its SHA-256 is not {self.sha256}; look up why, and leave the sum out "
            "if the new file is wanted."
        )


def gzip_fault(path: Path) -> str | None:
    """Read a gzip file through; return what is wrong with it, None if it is whole."""
    try:
        with gzip.open(path) as stream:
            while stream.read(PIECE):
                pass
        fault = "" if path.stat().st_size else "it is empty"
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        fault = str(error).rstrip(".")
    return f"is not a whole gzip file ({fault}); give another server." if fault else None


def _version(answer: requests.Response) -> str:
    """Return what If-Range takes: a strong ETag, or the date; empty where there is neither."""
    tag = answer.headers.get("ETag", "")
    return tag if tag.startswith('"') else answer.headers.get("Last-Modified", "")


def _check_status(answer: requests.Response, url: str) -> None:
    status = answer.status_code
    if status == 404:
        raise FetchError(f"{url} does not exist (404); check the id, or give another server.")
    # Too many requests, and whatever is the server's own fault, may pass.
    if status == 429 or status >= 500:
        raise requests.HTTPError(f"the server answers {status}")
    if status not in (200, 206):
        raise FetchError(f"the server refuses {url} ({status}); give another server.")


def _reason(error: BaseException) -> str:
    """Return the innermost error's text: those around it repeat it with their own names."""
    while inner := error.__cause__ or error.__context__:
        error = inner
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
