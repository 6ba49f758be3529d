"""Terminal output: progress on standard error, the result on standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

from ..errors import MapResError
from ..local.methods import spell_options
from ..progress import Progress, silent
from .arguments import BAD_INPUT, flag


@contextmanager
def working() -> Iterator[Progress]:
    """Keep standard output for the result, and show progress if standard error is a terminal."""
    with redirect_stdout(sys.stderr):
        if not sys.stderr.isatty():
            yield silent
            return
        try:
            yield lambda fraction, message: _show(f"{fraction:4.0%} {message}")
        finally:
            _show("")


def _show(text: str) -> None:
    # Return to the start of the line, and clear the rest of a longer text.
    print(f"\r{text}\x1b[K", end="", file=sys.stderr, flush=True)


def print_result(
    as_json: bool, summary: Callable[[], dict[str, Any]], rows: Callable[[], list]
) -> None:
    """Print a result, as JSON or as rows of text; only that is made."""
    from ..results.text import as_text

    text = json.dumps(summary()) if as_json else spell_options(as_text(rows()), flag) + "\n"
    # A pipe may have an encoding without Å.
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding), flush=True)


def complain(error: MapResError | str) -> int:
    """Print an error in one line; return the exit status."""
    print("mapres:", spell_options(" ".join(str(error).split()), flag), file=sys.stderr)
    return BAD_INPUT
