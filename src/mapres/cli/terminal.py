"""What a terminal shows: progress on the standard error, the result on the standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

from ..errors import MapResError
from ..progress import Progress, silent
from .arguments import BAD_INPUT


@contextmanager
def working() -> Iterator[Progress]:
    """Keep the standard output for the result, and show progress where somebody may watch it."""
    with redirect_stdout(sys.stderr):
        if not sys.stderr.isatty():
            yield silent
            return
        try:
            yield lambda fraction, message: _show(f"{fraction:4.0%} {message}")
        finally:
            _show("")


def _show(text: str) -> None:
    # Back to the line's start, and clear what is longer than the new text.
    print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)


def print_result(as_json: bool, summary: dict[str, Any], rows: list) -> None:
    """Print a result, as JSON or as rows of text."""
    from ..results.text import as_text

    text = json.dumps(summary) if as_json else as_text(rows) + "\n"
    # A pipe may have an encoding without Å.
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), flush=True)


def complain(error: MapResError | str) -> int:
    """Say in one line what is wrong; return the exit status."""
    print("mapres:", " ".join(str(error).split()), file=sys.stderr)
    return BAD_INPUT
