"""Lists of SHA-256 sums, in the form that ``sha256sum`` writes and ``sha256sum --check`` reads."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from mapres.output import replacing

SUMS = "SHA256SUMS"
# Bytes per read: a map may be larger than the memory.
PIECE = 2**20


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    total = hashlib.sha256()
    with open(path, "rb") as stream:
        while piece := stream.read(PIECE):
            total.update(piece)
    return total.hexdigest()


def read_sums(path: Path) -> dict[str, str]:
    """Return name to SHA-256.

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
    """Write name to SHA-256, whole or not at all.

    Raises
    ------
    OutputError
        If the folder is missing or cannot be written.
    """
    text = "".join(f"{found}  {name}\n" for name, found in sums.items())
    with replacing(path) as temporary:
        Path(temporary).write_text(text, encoding="utf-8")
