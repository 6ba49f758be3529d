"""Output files, written whole or not at all, and checks that they can be written."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import OutputError


def require_writable(path: str | os.PathLike, inputs: Iterable[str | os.PathLike] = ()) -> None:
    """Make sure, before a long computation, that its result can be written.

    Parameters
    ----------
    path : where the result will go
    inputs : files that were read, which the result must not replace

    Raises
    ------
    OutputError
        If the folder is missing or cannot be written, or ``path`` is a folder, a device or one of
        ``inputs``.
    """
    path = Path(path)
    if path.is_dir():
        raise OutputError(f"{path} is a folder; give the name of a file in it.")
    if path.exists() and not path.is_file():
        raise OutputError(f"{path} is not a regular file; choose another name for the output.")
    if path.exists() and any(Path(i).exists() and path.samefile(i) for i in inputs):
        raise OutputError(f"{path} is one of the inputs; choose another name for the output.")
    # Permission bits are unreliable (root, read-only mounts, /proc): try it.
    Path(_temporary(path)).unlink()


@contextmanager
def replacing(path: str | os.PathLike) -> Iterator[str]:
    """Yield a temporary file next to ``path``, renamed to it only if the block succeeds.

    Raises
    ------
    OutputError
        If the folder is missing or cannot be written.
    """
    path = Path(path)
    temporary = _temporary(path)
    try:
        yield temporary
        # mkstemp files are private to their owner; give them the permissions of open().
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(f"cannot write {path} ({error.strerror or error}).") from error
    finally:
        Path(temporary).unlink(missing_ok=True)


def _temporary(path: Path) -> str:
    """Create an empty hidden file next to ``path``, with its suffix."""
    if not path.parent.is_dir():
        raise OutputError(f"the folder {path.parent} does not exist; create it or choose another.")
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    except OSError as error:
        raise OutputError(f"cannot write in {path.parent} ({error.strerror}).") from error
    os.close(handle)
    return temporary
