"""Threads: how many are used, for everything that runs on several processor cores.

That is FFTs, our own loops over slabs of a map, and ONNX Runtime. NumPy is imported nowhere here,
because its BLAS reads its number of threads when it is loaded.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from .progress import beat

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController

# More take memory and are rarely faster: the steps between are limited by memory.
MOST = 4
# Values of an array that a thread works on at a time: at least and at most.
LEAST, PART = 1 << 17, 1 << 19
# Seconds between two times that a caller is asked whether to go on.
BEAT = 0.1
# The common limit, of OpenMP, and what BLAS libraries read in its place.
LIMIT = "OMP_NUM_THREADS"
BLAS_LIMITS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
Item = TypeVar("Item")
Result = TypeVar("Result")
Other = TypeVar("Other")
_chosen: int | None = None
_here = threading.local()
_lock = threading.Lock()
_askers = 0
_limiter: Any = None


def count() -> int:
    """Return the number of threads: as set by `use`, or by OMP_NUM_THREADS, or up to `MOST`.

    Never more than there are cores: on 2 cores ONNX Runtime takes 6 times as long with 64
    threads, and over a minute with 5,000. Within `run_each` it is 1: all are busy.
    """
    if getattr(_here, "busy", False):
        return 1
    return min(_chosen or _limit() or MOST, _cores())


def use(number: int) -> None:
    """Set the number of threads of this process."""
    global _chosen
    _chosen = number


def keep_blas_to_one() -> None:
    """Keep BLAS to one thread in a process of our own, before NumPy is imported.

    It then starts no others. In other processes `run_each` does so while it runs.
    """
    for name in BLAS_LIMITS:
        os.environ.setdefault(name, "1")


def run_each(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    report: Callable[[int], None] = lambda done: None,
) -> list[Result]:
    """Call a function for every item, several at a time; return the results in order.

    NumPy, SciPy and ONNX Runtime release the interpreter's lock in all that takes long. BLAS keeps
    to one thread: if each of ours started others, they would wait for each other.

    Parameters
    ----------
    function : called with an item, in any thread
    items : begun in their order
    report : called in this thread with the number of items that are done, 10 times a second
    """
    if getattr(_here, "busy", False):
        return [function(item) for item in items]
    items, workers = [*items], count()
    with _one_blas_thread():
        if workers > 1 and len(items) > 1:
            return _in_threads(function, items, workers, report)
        results = []
        for done, item in enumerate(items):
            report(done)
            results.append(function(item))
        return results


def _in_threads(
    function: Callable[[Item], Result],
    items: list[Item],
    workers: int,
    report: Callable[[int], None],
) -> list[Result]:
    report(0)
    with ThreadPoolExecutor(workers, initializer=_be_busy) as pool:
        futures = [pool.submit(function, item) for item in items]
        try:
            while wait(futures, BEAT, FIRST_EXCEPTION).not_done:
                if any(each.done() and each.exception() for each in futures):
                    break
                # The threads have no caller to ask whether to go on: this one has.
                beat()
                report(sum(each.done() for each in futures))
            return [each.result() for each in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def _one_blas_thread() -> Iterator[None]:
    """Keep BLAS to one thread; its number is back when the last one that asked for it is done."""
    global _askers, _limiter
    with _lock:
        if not _askers:
            _limiter = _blas().limit(limits=1, user_api="blas")
        _askers += 1
    try:
        yield
    finally:
        with _lock:
            _askers -= 1
            if not _askers:
                _limiter.restore_original_limits()


@lru_cache(maxsize=1)
def _blas() -> ThreadpoolController:
    """Return what sets the threads of the BLAS that NumPy uses; to find it takes 3 ms."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def both(first: Callable[[], Result], second: Callable[[], Other]) -> tuple[Result, Other]:
    """Call two functions at the same time."""
    steps: tuple[Callable[[], Any], ...] = (first, second)
    one, other = run_each(lambda step: step(), steps)
    return one, other


def started(function: Callable[[], Result]) -> Callable[[], Result]:
    """Start a function in a thread beside all others; return what waits for its result."""
    pool = ThreadPoolExecutor(1)
    future = pool.submit(function)
    pool.shutdown(wait=False)
    return future.result


def in_planes(function: Callable[..., Result], *arrays: Any) -> list[Result]:
    """Call a function for parts of arrays, a few planes along the first axis at a time.

    Returns its results in the order of the planes.
    """
    parts = [slice(part.start, part.stop) for part in parts_of(len(arrays[0]), arrays[0][0].size)]
    return run_each(lambda part: function(*(array[part] for array in arrays)), parts)


def _be_busy() -> None:
    _here.busy = True


def parts_of(length: int, size: int) -> list[range]:
    """Split ``length`` planes of ``size`` values into parts for several threads.

    There are some for each thread, unless they would be too small: below `LEAST` values threads
    spend more time waiting for the interpreter's lock than they save. Above `PART` they would not
    stay in the cache of a core. The number of threads makes no difference, nor to the rounding.
    """
    thickness = max(length // (4 * MOST), LEAST // max(1, size), 1)
    return slabs(length, min(thickness, max(1, PART // max(1, size))))


def slabs(length: int, thickness: int) -> list[range]:
    """Split a length into ranges of ``thickness``, of which the last may be shorter."""
    return [range(k, min(k + thickness, length)) for k in range(0, length, thickness)]


def _limit() -> int:
    """Return the number in OMP_NUM_THREADS, of which nested levels may follow, or 0."""
    try:
        return max(0, int(os.environ.get(LIMIT, "").split(",")[0]))
    except ValueError:
        return 0


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
