"""The other end of `worker.Worker`: a process that answers one call after another.

Requests and replies are lines of JSON on the pipes that were standard input and output; libraries
that print write into standard error instead, which `worker.Worker` keeps in a file.
"""

from __future__ import annotations

import faulthandler
import json
import os
import queue
import shutil
import signal
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from .agreement import agreement
from .errors import MapResError, WorkerError
from .local import local_resolution
from .validation import validate
from .wire import IDLE_EXIT, pack, unpack

VERBS: dict[str, Callable] = {
    "validate": validate,
    "local_resolution": local_resolution,
    "agreement": agreement,
}
# Drawing a progress bar more often than this only slows the work down.
QUIET_SECONDS = 0.05


def serve(scratch: str, idle_seconds: float) -> None:
    """Answer requests until none has come for ``idle_seconds``, or the parent is gone.

    Parameters
    ----------
    scratch : the private temporary folder, removed here when the parent could not do it
    idle_seconds : after this long without a request the process ends, to give its memory back
    """
    requests, replies = _take_pipes()
    faulthandler.enable()
    # Ctrl-C in a terminal reaches the whole process group; the parent decides what it means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    waiting: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_listen, args=(requests, waiting, scratch), daemon=True).start()
    while True:
        try:
            line = waiting.get(timeout=idle_seconds)
        except queue.Empty:
            os._exit(IDLE_EXIT)
        _send(replies, _answer(json.loads(line), replies))


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Keep the two pipes to ourselves, so that nothing that prints or reads can disturb them."""
    requests, replies = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return requests, replies


def _listen(requests: BinaryIO, waiting: queue.Queue, scratch: str) -> None:
    """Hand requests over; when the pipe closes the parent is gone, however it ended.

    This runs in a thread of its own: numpy, scipy's transforms and the networks let it run while
    they compute. Other native code delays the end until it returns.
    """
    for line in requests:
        waiting.put(line)
    shutil.rmtree(scratch, ignore_errors=True)
    os._exit(0)


def _answer(request: dict, replies: BinaryIO) -> dict[str, Any]:
    folder = Path(request["folder"])
    try:
        arguments = unpack(request["arguments"], folder, mapped=True)
        result = VERBS[request["verb"]](**arguments, progress=_reporter(replies))
        return {"result": pack(result, folder)}
    except MapResError as error:
        return _failure(error)
    except MemoryError:
        text = "there is not enough memory for this map; close other programs or crop the map."
        return _failure(WorkerError(text, traceback.format_exc()))
    except (Exception, SystemExit) as error:
        text = f"the analysis failed ({type(error).__name__}: {error}); please report this."
        return _failure(WorkerError(" ".join(text.split()), traceback.format_exc()))


def _failure(error: MapResError) -> dict[str, Any]:
    details = getattr(error, "details", "")
    return {"error": {"type": type(error).__name__, "text": str(error), "details": details}}


def _reporter(replies: BinaryIO) -> Callable[[float, str], None]:
    sent_at, sent_message = 0.0, ""

    def report(fraction: float, message: str) -> None:
        nonlocal sent_at, sent_message
        now = time.monotonic()
        if message != sent_message or now - sent_at >= QUIET_SECONDS:
            sent_at, sent_message = now, message
            _send(replies, {"progress": [float(fraction), message]})

    return report


def _send(replies: BinaryIO, reply: dict) -> None:
    replies.write(json.dumps(reply).encode() + b"\n")
    replies.flush()
