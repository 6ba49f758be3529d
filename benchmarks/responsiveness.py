"""How responsive a ChimeraX window stays during a computation, as a Markdown table.

Run ``python benchmarks/responsiveness.py [EDGE]`` in the project's root: a session of the ChimeraX
library with an offscreen Qt window, a map of 256³ voxels, and a timer of 10 ms in the event loop of
the window, which measures how long events wait. Then each command is cancelled at ten random times.
"""

from __future__ import annotations

import contextlib
import gc
import random
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import psutil
from maps import RADIUS, ball, large_map
from PySide6.QtCore import QTimer

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = ("resvalidate #1", "localres #1 mask #2 key false")
TRIES = 10


def main(edge: int) -> None:
    """Print the table."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        session = windowed(Path(folder))
        open_maps(session, edge)
        print(f"| {edge}³ | seconds | longest wait, s | progress every, s | cancelled within, s |"
              " its thread ended within, s | memory after, MB |")  # fmt: skip
        print("|---|---|---|---|---|---|---|")
        for command in COMMANDS:
            seconds, wait, progress = watched(session, command)
            returned, ended = np.max(
                [cancelled(session, command, seconds) for _ in range(TRIES)], 0
            )
            gc.collect()
            memory = psutil.Process().memory_info().rss / 2**20
            print(f"| `{command}` | {seconds:.1f} | {wait:.3f} | {progress:.2f} | {returned:.2f} |"
                  f" {ended:.2f} | {memory:.0f} |", flush=True)  # fmt: skip


def windowed(folder: Path):
    """Start a session that has a window."""
    sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "chimerax")]
    import headless
    import window

    session = headless.start(folder)
    window.install()
    session.ui = window.WindowedUI(session)
    return session


def open_maps(session, edge: int) -> None:
    """Open a map as #1 and its mask as #2."""
    from chimerax.map import volume_from_grid_data
    from chimerax.map_data import ArrayGridData

    density = large_map(edge, RADIUS)
    for name, values in (("map", density.values), ("mask", ball(edge, RADIUS).astype(np.float32))):
        grid = ArrayGridData(values, (0, 0, 0), density.voxel_size, name=name)
        volume_from_grid_data(grid, session, show_dialog=False)


def watched(session, command: str) -> tuple[float, float, float]:
    """Run a command; return its seconds, and the longest waits for events and for progress."""
    from chimerax.core.commands import run
    from chimerax.map_resolution.jobs import watch

    ticks, reports, timer = [], [], QTimer()
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start(10)
    handler = watch(session, lambda job: reports.append(time.perf_counter()))
    start = time.perf_counter()
    run(session, command, log=False)
    seconds = time.perf_counter() - start
    handler.remove()
    timer.stop()
    run(session, "close #3-99", log=False) if len(session.models.list()) > 2 else None
    return seconds, float(np.max(np.diff(ticks))), float(np.max(np.diff(reports)))


def cancelled(session, command: str, seconds: float) -> tuple[float, float]:
    """Cancel a command at a random time; return when it returned and when its thread ended."""
    from chimerax.core.commands import run
    from chimerax.core.errors import CancelOperation
    from chimerax.map_resolution.jobs import THREAD, current

    requested = []

    def cancel():
        if job := current(session):
            requested.append(time.perf_counter())
            job.cancel()

    QTimer.singleShot(int(1000 * random.uniform(0.05, 0.8) * seconds), cancel)
    with contextlib.suppress(CancelOperation):
        run(session, command, log=False)
    if not requested:
        # It had finished before.
        return 0.0, 0.0
    returned = time.perf_counter() - requested[0]
    while any(thread.name == THREAD for thread in threading.enumerate()):
        time.sleep(0.005)
    return returned, time.perf_counter() - requested[0]


if __name__ == "__main__":
    random.seed(1)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 256)
