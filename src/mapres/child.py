"""One child process as its parent sees it: how it starts, is asked, and ends."""

from __future__ import annotations

import contextlib
import json
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from pathlib import Path
from typing import Any, BinaryIO, cast

from . import errors
from .density import Progress
from .errors import MapResError, WorkerError
from .wire import pack, unpack

POLL_SECONDS = 0.2
LOG_CHARACTERS = 10_000
# The package is loaded by its path, under the name `mapres`, whatever the parent calls it:
# importing `chimerax.map_resolution.mapres` would run chimerax/__init__.py, and having the folder
# around the package on sys.path would let commands.py and tool.py there shadow other modules. For
# the same reason the current folder, which `python -c` looks into first, is dropped before anything
# is imported. The parent's sys.path is taken over whole, in its order, so that both see the same
# libraries; another version of Python cannot use them and keeps its own.
BOOTSTRAP = """
import sys
sys.path[:] = [folder for folder in sys.path if folder]
import importlib.util, json
setup = json.loads(sys.argv[1])
if setup["version"] == list(sys.version_info[:2]):
    sys.path[:] = setup["path"]
spec = importlib.util.spec_from_file_location(
    "mapres", setup["package"] + "/__init__.py", submodule_search_locations=[setup["package"]])
sys.modules["mapres"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(sys.modules["mapres"])
from mapres import worker_process
"""
SERVE = 'worker_process.serve(setup["scratch"], setup["idle_seconds"])\n'


class Ended(Exception):
    """The child has ended without an answer."""

    def __init__(self, status: int):
        super().__init__(status)
        self.status = status


class Child:
    """A running child process, its pipes and its private temporary folder.

    ``end()`` kills it and removes the folder. It is also called when this object is forgotten and
    when the interpreter exits.

    Parameters
    ----------
    python : the interpreter
    program : what it runs
    idle_seconds : the child ends by itself after this long without a request

    Raises
    ------
    WorkerError
        If the interpreter cannot be started.
    """

    def __init__(self, python: str, program: str, idle_seconds: float):
        self.scratch = Path(tempfile.mkdtemp(prefix="mapres-"))
        setup = {
            "package": str(Path(__file__).resolve().parent),
            "version": sys.version_info[:2],
            "path": [folder for folder in sys.path if folder],
            "scratch": str(self.scratch),
            "idle_seconds": idle_seconds,
        }
        try:
            self._process = self._start([python, "-c", program, json.dumps(setup)])
        except OSError as error:
            shutil.rmtree(self.scratch, ignore_errors=True)
            raise WorkerError(f"cannot start {python} ({error.strerror}).") from error
        self._requests = cast(BinaryIO, self._process.stdin)
        answers = cast(BinaryIO, self._process.stdout)
        self._replies: queue.Queue[dict | None] = queue.Queue()
        reader = threading.Thread(target=_read, args=(answers, self._replies), daemon=True)
        reader.start()
        pipes = (self._requests, answers)
        self.end = weakref.finalize(self, _end, self._process, reader, pipes, self.scratch)

    def is_alive(self) -> bool:
        """Return whether it still runs."""
        return self._process.poll() is None

    def ask(self, verb: str, arguments: dict[str, Any], progress: Progress) -> Any:
        """Send one request and report its progress until it is answered.

        Returns
        -------
        The result, or the `MapResError` that was raised there, for the caller to raise.

        Raises
        ------
        Ended
            If the child ends first.
        """
        with tempfile.TemporaryDirectory(dir=self.scratch, ignore_cleanup_errors=True) as name:
            folder = Path(name)
            packed = _pack(arguments, folder)
            self._send({"verb": verb, "folder": name, "arguments": packed})
            reply = self._wait(progress)
            if "error" in reply:
                return _as_exception(**reply["error"])
            return unpack(reply["result"], folder)

    def log(self) -> str:
        """Return the end of what the child wrote on its standard error."""
        text = (self.scratch / "log.txt").read_text(encoding="utf-8", errors="replace")
        return text[-LOG_CHARACTERS:]

    def _start(self, command: list[str]) -> subprocess.Popen:
        with open(self.scratch / "log.txt", "wb") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                # Windows would open a console for it.
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )

    def _send(self, request: dict) -> None:
        # It may have ended; `_wait` finds out how.
        with contextlib.suppress(OSError):
            self._requests.write(json.dumps(request).encode() + b"\n")
            self._requests.flush()

    def _wait(self, progress: Progress) -> dict:
        fraction, message = 0.0, "starting"
        while True:
            try:
                reply = self._replies.get(timeout=POLL_SECONDS)
            except queue.Empty:
                progress(fraction, message)
                continue
            if reply is None:
                raise Ended(self._process.wait())
            if "progress" not in reply:
                return reply
            fraction, message = reply["progress"]
            progress(fraction, message)


def obituary(status: int, log: str) -> str:
    """Say in one sentence how a child ended: ``status`` as `subprocess` has it, and its log."""
    if status == -getattr(signal, "SIGKILL", 9):
        return (
            "the analysis was killed, most likely because memory ran out; "
            "close other programs or crop the map."
        )
    if status < 0:
        how = f"crashed ({signal.Signals(-status).name})"
    else:
        last = log.strip().rpartition("\n")[2]
        how = f"ended unexpectedly (status {status}{': ' if last else ''}{last})"
    return f"the analysis {how}; run it again, and report this if it happens again."


def _pack(arguments: dict[str, Any], folder: Path) -> Any:
    try:
        return pack(arguments, folder)
    except OSError as error:
        raise WorkerError(
            f"cannot write in {folder} ({error.strerror or error}); free some space there."
        ) from error


def _read(pipe: BinaryIO, replies: queue.Queue) -> None:
    """Queue the child's replies, and None when it has ended."""
    for line in pipe:
        # Killed in the middle of a line, it leaves half of one.
        with contextlib.suppress(json.JSONDecodeError):
            replies.put(json.loads(line))
    replies.put(None)


def _end(
    process: subprocess.Popen,
    reader: threading.Thread,
    pipes: tuple[BinaryIO, BinaryIO],
    scratch: Path,
) -> None:
    process.kill()
    process.wait()
    reader.join()
    for pipe in pipes:
        # A request that it never read may be in the buffer still.
        with contextlib.suppress(OSError):
            pipe.close()
    shutil.rmtree(scratch, ignore_errors=True)


def _as_exception(type: str, text: str, details: str) -> MapResError:
    if type == WorkerError.__name__:
        return WorkerError(text, details)
    return getattr(errors, type, MapResError)(text)
