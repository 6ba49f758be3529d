"""Progress reports of an analysis, through which a caller can also cancel it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar

Progress = Callable[[float, str], None]
Analysis = TypeVar("Analysis", bound=Callable[..., Any])
_here = threading.local()


def silent(fraction: float, message: str) -> None:
    """Report nothing: the default ``progress``."""


def part_of(progress: Progress, start: float, end: float) -> Progress:
    """Return the progress of a part that advances the whole from ``start`` to ``end``."""
    return lambda fraction, message: progress(start + fraction * (end - start), message)


def labeled(progress: Progress, label: str) -> Progress:
    """Prefix every message with a label."""
    return lambda fraction, message: progress(fraction, f"{label}: {message}")


def with_heartbeat(analysis: Analysis) -> Analysis:
    """Let `beat` repeat the last report of a function that has a keyword ``progress``."""

    @wraps(analysis)
    def watched(*arguments, progress: Progress = silent, **options):
        def report(fraction: float, message: str) -> None:
            _here.repeat = partial(progress, fraction, message)
            progress(fraction, message)

        outer = getattr(_here, "repeat", None)
        try:
            return analysis(*arguments, progress=report, **options)
        finally:
            _here.repeat = outer

    return watched  # type: ignore[return-value]


def beat() -> None:
    """Repeat the last report of the analysis in this thread; it may raise `Cancelled`.

    Called at steps of up to half a second on 256³ voxels, such as a Fourier transform.
    """
    if repeat := getattr(_here, "repeat", None):
        repeat()
