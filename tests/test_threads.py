"""Threads: how many, in what order their results are, and what happens to their exceptions."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

import mapres
from mapres import threads
from mapres.errors import Cancelled
from mapres.progress import with_heartbeat


@pytest.fixture
def cores(monkeypatch):
    """Pretend to have eight cores, and restore the number of threads."""
    monkeypatch.setattr(threads, "_cores", lambda: 8)
    monkeypatch.setattr(threads, "_chosen", None)
    monkeypatch.delenv(threads.LIMIT, raising=False)


def counted(limit):
    """Return the number of threads of a fresh Python with that OMP_NUM_THREADS."""
    environment = {**os.environ, threads.LIMIT: limit}
    code = "from mapres import threads; print(threads.count())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | {"PYTHONPATH": str(Path(mapres.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


def test_a_program_respects_the_environment():
    assert counted("1") == 1


@pytest.mark.parametrize("limit", ["", " ", "0", "-2", "x", "1.5", "²", ",", "9" * 5000])
def test_an_environment_that_makes_no_sense_is_ignored(cores, monkeypatch, limit):
    monkeypatch.setenv(threads.LIMIT, limit)
    assert threads.count() == threads.MOST


@pytest.mark.parametrize(("limit", "expected"), [("1", 1), (" 6 ", 6), ("3,2", 3), ("5000", 8)])
def test_the_environment_sets_how_many_up_to_the_cores(cores, monkeypatch, limit, expected):
    monkeypatch.setenv(threads.LIMIT, limit)
    assert threads.count() == expected


def test_what_is_asked_for_goes_before_the_environment(cores, monkeypatch):
    monkeypatch.setenv(threads.LIMIT, "2")
    threads.use(5)
    assert threads.count() == 5
    threads.use(10**9)
    assert threads.count() == 8


def test_fewer_cores_mean_fewer_threads(cores, monkeypatch):
    monkeypatch.setattr(threads, "_cores", lambda: 1)
    assert threads.count() == 1


@pytest.mark.parametrize("number", [1, 3])
def test_results_are_in_the_order_of_the_items(cores, number):
    threads.use(number)

    def slow_at_first(item):
        time.sleep(0.02 / (1 + item))
        return item

    assert threads.run_each(slow_at_first, iter(range(7))) == [*range(7)]
    assert threads.run_each(slow_at_first, []) == []


@pytest.mark.parametrize("number", [1, 3])
def test_an_exception_is_raised_to_the_caller(cores, number):
    threads.use(number)

    def fail(item):
        if item == 2:
            raise KeyError(item)

    with pytest.raises(KeyError, match="2"):
        threads.run_each(fail, range(5))


def test_several_work_at_the_same_time(cores):
    threads.use(3)
    # Three that wait for each other.
    together = threading.Barrier(3, timeout=30)
    assert sorted(threads.run_each(lambda _: together.wait(), range(3))) == [0, 1, 2]


def test_one_thread_is_that_of_the_caller(cores):
    threads.use(1)
    found = threads.run_each(lambda _: threading.current_thread(), range(3))
    assert set(found) == {threading.current_thread()}


@given(st.integers(0, 300), st.integers(1, 100))
def test_slabs_cover_a_length_once(length, thickness):
    slabs = threads.slabs(length, thickness)
    assert [k for slab in slabs for k in slab] == [*range(length)]
    assert all(len(slab) == thickness for slab in slabs[:-1])
    assert all(0 < len(slab) <= thickness for slab in slabs)


def test_blas_keeps_to_one_thread_unless_it_was_told_otherwise(monkeypatch):
    first, *others = threads.BLAS_LIMITS
    for name in others:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv(first, "3")
    threads.keep_blas_to_one()
    assert os.environ[first] == "3"
    assert all(os.environ[name] == "1" for name in others)


def blas_threads():
    return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}


def test_blas_keeps_to_one_thread_while_ours_run(cores):
    """Also after another loop, in a thread that is not one of ours, has ended."""

    def while_another_runs(_):
        other = threading.Thread(target=threads.run_each, args=(str, range(2)))
        other.start()
        other.join()
        return blas_threads()

    with threadpool_limits(limits=2, user_api="blas"):
        assert threads.run_each(while_another_runs, range(4)) == [{1}] * 4
        assert blas_threads() == {2}


def test_whoever_waits_may_cancel(cores):
    """A caller that no longer wants the result stops the rest, and is not made to wait for it."""
    done = []

    @with_heartbeat
    def analysis(*, progress):
        progress(0.5, "waiting")
        threads.run_each(lambda item: done.append(time.sleep(0.15)), range(200))

    def impatient(fraction, message):
        if done:
            raise Cancelled

    started = time.monotonic()
    with pytest.raises(Cancelled):
        analysis(progress=impatient)
    assert len(done) < 100 and time.monotonic() - started < 10
