"""A pulse between two reports of progress, so that an analysis can be given up in its depths."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar

from .density import Progress, silent

Analysis = TypeVar("Analysis", bound=Callable[..., Any])
_here = threading.local()


def with_heartbeat(analysis: Analysis) -> Analysis:
    """Let `beat` repeat the last report of an analysis, a function with a keyword ``progress``."""

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

    Called where up to half a second of work on 256³ voxels is done, such as a Fourier transform.
    """
    if repeat := getattr(_here, "repeat", None):
        repeat()
