"""Processes that are measured: seconds, and the peak memory of each.

Linux counts as peak of a process that of its parent before, so that those who start them must stay
small: they compute nothing.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import time
from contextlib import suppress
from pathlib import Path

from cases import CASES
from maps import ROOT, path_of

HERE = Path(__file__).resolve().parent
# Bytes of the unit in which the system tells the peak.
UNIT = 1 if sys.platform == "darwin" else 1024


class Failed(Exception):
    """A process ended with an error, which it has printed."""


def environment(source: Path) -> dict[str, str]:
    """Return the environment of a process that uses the MapRes in a folder ``src``."""
    # TensorFlow, which older versions ran, writes pages about processors.
    return {**os.environ, "PYTHONPATH": str(source), "TF_CPP_MIN_LOG_LEVEL": "3"}


def peak(process: subprocess.Popen) -> float:
    """Wait for a process to end; return its peak memory, MB."""
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed(f"status {process.returncode}")
    return used.ru_maxrss * UNIT / 2**20


class Whole:
    """Measures the command line, from the start of Python to its end."""

    def __init__(self, source: Path, name: str, folder: Path):
        self.source, self.case, self.folder = source, CASES[name], folder
        self.memory = 0.0

    def run(self, edge: int) -> float:
        """Run the command for maps of that edge; return the seconds."""
        files = {kind: path_of(self.folder, edge, kind) for kind in self.case.files}
        files["out"] = self.folder / "out.mrc"
        command = [word.format(**files) for word in self.case.command.split()]
        start = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, "-m", "mapres", *command],
            env=environment(self.source),
            stdout=subprocess.DEVNULL,
        )
        self.memory = max(self.memory, peak(process))
        return time.perf_counter() - start

    def close(self) -> float:
        """Return the highest peak memory of any of the processes, MB."""
        return self.memory


class Inside:
    """Measures work within one process, which lives until it is closed."""

    def __init__(self, source: Path, name: str, folder: Path):
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "cases.py"), name, str(folder)],
            env=environment(source),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, edge: int) -> float:
        """Do the work for maps of that edge; return its seconds."""
        try:
            self.process.stdin.write(f"{edge}\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise Failed from error
        answer = self.process.stdout.readline()
        if not answer:
            raise Failed
        return float(answer)

    def close(self) -> float:
        """End the process; return its peak memory, MB."""
        with self.process.stdout, suppress(BrokenPipeError):
            self.process.stdin.close()
        return peak(self.process)


def opened(source: Path, name: str, folder: Path) -> Whole | Inside:
    """Return what measures a case with the MapRes in a folder ``src``."""
    kind = Whole if CASES[name].command else Inside
    return kind(source, name, folder)


def make_maps(folder: Path, name: str, edge: int) -> None:
    """Write the maps that a case needs."""
    kinds = CASES[name].files
    command = [sys.executable, str(HERE / "maps.py"), str(folder), str(edge), *kinds]
    subprocess.run(command, env=environment(ROOT / "src"), check=True)


def unpacked(commit: str, folder: Path) -> Path:
    """Unpack the sources of a commit into a folder; return their ``src``."""
    archive = folder / "base.tar"
    command = ["git", "-C", str(ROOT), "archive", "-o", str(archive), commit, "src"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{commit} cannot be compared with: {done.stderr.strip()}")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    archive.unlink()
    return folder / "src"
