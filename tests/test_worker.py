"""The worker process: same answers as the core, and what happens when things go wrong."""

import inspect
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from handmade import noisy_ball

import mapres
from mapres import child, errors, worker_process
from mapres.local import local_resolution
from mapres.validation import validate
from mapres.worker import Worker

# Verbs that misbehave, put into the child between its start and its loop.
VERBS = """
import os, time
import numpy as np
from mapres import errors

def echo(progress, **values):
    return values

def silent(progress, seconds):
    progress(0.5, "silent now")
    time.sleep(seconds)

def hold_interpreter(progress, count):
    progress(0.5, "holding")
    sum(range(count))

def compute(progress, size):
    matrix = np.random.default_rng(0).random((size, size))
    progress(0.5, "computing")
    np.linalg.svd(matrix)

def chatter(progress, count):
    for i in range(count):
        progress(i / count, "step")
    progress(1.0, "done")
    return count

def noisy(progress):
    print("printed", flush=True)
    os.write(1, b"written to file descriptor 1\\n")
    return os.read(0, 10).decode()

def die(progress, signal):
    progress(0.5, "dying")
    os.kill(os.getpid(), signal)

def leave(progress):
    raise SystemExit(3)

def fail(progress, kind, text):
    raise {**vars(errors), **__builtins__.__dict__}[kind](text)

def places(progress):
    import mapres
    return [mapres.__file__, mapres.__name__, sys.path, os.getpid()]

for verb in (echo, silent, hold_interpreter, compute, chatter, noisy, die, leave, fail, places):
    worker_process.VERBS[verb.__name__] = verb
"""


class VerbWorker(Worker):
    """A worker whose child knows the verbs above too."""

    def _program(self):
        return child.BOOTSTRAP + VERBS + child.SERVE

    def call(self, verb, progress=lambda fraction, message: None, **arguments):
        return self._call(verb, arguments, progress)

    @property
    def process(self):
        return self._child._process

    @property
    def scratch(self):
        return self._child.scratch


@pytest.fixture
def worker():
    worker = VerbWorker()
    yield worker
    worker.close()


def gone(pid, seconds=3.0):
    """Whether a process has ended (a zombie that nobody waits for has) within some time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


class Clock:
    """A progress callable that cancels at the first message it is waiting for."""

    def __init__(self, message, error=errors.Cancelled):
        self.message, self.error = message, error
        self.raised_at = None

    def __call__(self, fraction, message):
        if message == self.message:
            self.raised_at = time.monotonic()
            raise self.error


@pytest.mark.parametrize("function", [validate, local_resolution])
def test_signatures_are_those_of_the_core(function):
    ours = inspect.signature(getattr(Worker, function.__name__))
    theirs = inspect.signature(function)
    assert list(ours.parameters.values())[1:] == list(theirs.parameters.values())
    assert ours.return_annotation == theirs.return_annotation


@pytest.mark.parametrize("method", ["mapres", "monores"])
def test_local_resolution_is_the_cores(worker, method):
    density = noisy_ball()
    half_maps = (noisy_ball(seed=1), noisy_ball(seed=2))
    options = {"method": method, "half_maps": half_maps}
    ours = worker.local_resolution(density, **options)
    core = local_resolution(density, **options)
    assert np.array_equal(ours.values, core.values)
    assert np.array_equal(ours.mask, core.mask)
    assert ours.values.dtype == core.values.dtype and ours.mask.dtype == core.mask.dtype
    assert (ours.method, ours.warnings) == (core.method, core.warnings)
    if core.interval is not None:
        assert np.array_equal(ours.interval, core.interval)


def test_validation_is_the_cores(worker):
    density = noisy_ball()
    assert worker.validate(density, claimed=4.0) == validate(density, claimed=4.0)
    # It keeps its model loaded: the second call must not pay for it again.
    pid = worker.process.pid
    start = time.monotonic()
    worker.validate(density)
    assert worker.process.pid == pid
    assert time.monotonic() - start < 3.0


def test_a_classifiers_validation_is_the_cores(worker, tiny_folder):
    """With None in place of a resolution."""
    density, card = noisy_ball(), str(tiny_folder / "dnn.json")
    answer = worker.validate(density, claimed=4.0, model=card)
    assert answer == validate(density, claimed=4.0, model=card)
    assert (answer.resolution, answer.interval) == (None, None)


def test_progress_says_which_model_is_at_work(worker, tiny_folder):
    heard, card = set(), str(tiny_folder / "dnn.json")
    worker.validate(noisy_ball(), model=card, progress=lambda _, message: heard.add(message))
    assert {message.partition(":")[0] for message in heard - {"starting"}} == {"dnn"}


def test_importing_and_using_it_loads_no_networks_library():
    program = (
        "import sys, mapres.worker\n"
        "worker = mapres.worker.Worker()\n"
        "try: worker.local_resolution(None)\n"
        "except Exception: pass\n"
        "worker.close()\n"
        "print([m for m in ('keras', 'tensorflow', 'scipy.ndimage') if m in sys.modules])\n"
    )
    path = str(Path(mapres.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}, capture_output=True
    )
    assert "keras" not in done.stdout.decode() and "tensorflow" not in done.stdout.decode()
    assert done.returncode == 0, done.stderr.decode()


def test_values_cross_unchanged(worker):
    rng = np.random.default_rng(1)
    sent = {
        "transposed": rng.random((3, 4, 5)).T,
        "bytes": rng.integers(-128, 127, (2, 3), dtype=np.int8),
        "swapped": np.arange(6, dtype=">i2"),
        "nested": (1, [2.5, None, (True, "Å")], {"array": "of no file", "type": np.float32(0.5)}),
        "special": [float("inf"), 1e-300],
        "density": noisy_ball(16),
    }
    back = worker.call("echo", **sent)
    for name in ("transposed", "bytes", "swapped"):
        assert np.array_equal(back[name], sent[name])
        assert back[name].dtype.newbyteorder("=") == sent[name].dtype.newbyteorder("=")
    assert (back["nested"], back["special"]) == (sent["nested"], sent["special"])
    assert np.array_equal(back["density"].values, sent["density"].values)
    assert back["density"].origin == sent["density"].origin
    assert list(worker.scratch.iterdir()) == [worker.scratch / "log.txt"]


def test_the_folder_around_the_package_is_not_importable(worker, tmp_path, monkeypatch):
    # Modules of these names in the caller's folder would break the child if it looked there.
    for name in ("json", "queue", "numpy", "keras"):
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('shadowed')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    file, name, path, _ = worker.call("places")
    assert Path(file) == Path(mapres.__file__) and name == "mapres"
    assert path == sys.path[1:]


def test_it_serves_the_package_under_another_name(tmp_path):
    # As in ChimeraX: the same folder deep in another package, which itself must not be imported.
    outer = tmp_path / "outer" / "inner"
    outer.mkdir(parents=True)
    (tmp_path / "outer" / "__init__.py").write_text(
        "import sys\nassert sys.argv[0] != '-c' or len(sys.argv) == 1, 'imported by the child'\n"
    )
    (outer / "__init__.py").write_text("")
    (outer / "queue.py").write_text("raise RuntimeError('shadowed')\n")
    source = Path(mapres.__file__).parent
    shutil.copytree(
        source, outer / "mapres", ignore=shutil.ignore_patterns("models", "__pycache__")
    )
    program = (
        "from outer.inner.mapres.worker import Worker\n"
        "from outer.inner.mapres.density import Density\n"
        "from outer.inner.mapres.errors import MapContentError\n"
        "import numpy as np\n"
        "worker = Worker()\n"
        "try: worker.local_resolution(Density(np.zeros((20, 20, 20)), (1., 1., 1.), name='it'))\n"
        "except MapContentError as error: print(error)\n"
        "worker.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.stdout.startswith("it is constant"), done.stderr


def test_one_child_serves_many_calls(worker):
    assert worker._child is None
    first, second = worker.call("places")[3], worker.call("places")[3]
    assert first == second == worker.process.pid != os.getpid()


def test_libraries_that_print_or_read_do_not_disturb(worker):
    assert worker.call("noisy") == ""
    assert worker.call("echo", value=1) == {"value": 1}
    assert worker._child.log() == "printed\nwritten to file descriptor 1\n"


def test_progress_flows_and_is_thinned_out(worker):
    heard = []
    count = worker.call("chatter", lambda *said: heard.append(said), count=20_000)
    fractions = [fraction for fraction, message in heard if message == "step"]
    assert count == 20_000
    assert heard[-1] == (1.0, "done")
    assert fractions == sorted(fractions)
    assert len(heard) < 200


def test_progress_is_called_while_the_child_is_silent(worker):
    calls = []
    worker.call("silent", lambda *said: calls.append((time.monotonic(), *said)), seconds=1.0)
    silent = [at for at, fraction, message in calls if (fraction, message) == (0.5, "silent now")]
    assert len(silent) >= 4
    assert max(np.diff(silent)) < 0.4


@pytest.mark.parametrize("error", [errors.Cancelled, KeyboardInterrupt, errors.MapResError])
@pytest.mark.parametrize(
    "verb", [("silent", {"seconds": 60}), ("hold_interpreter", {"count": 10**10})]
)
def test_what_progress_raises_ends_the_child_within_a_second(worker, error, verb):
    worker.call("echo")
    pid, scratch = worker.process.pid, worker.scratch
    clock = Clock({"silent": "silent now", "hold_interpreter": "holding"}[verb[0]], error)
    with pytest.raises(error):
        worker.call(verb[0], clock, **verb[1])
    assert time.monotonic() - clock.raised_at < 1.0
    assert gone(pid, 0.1)
    assert not scratch.exists()
    assert worker.call("echo", value=2) == {"value": 2}


def test_control_c_reaches_only_the_caller(worker):
    worker.call("echo")
    # The terminal sends it to the child too, which must not die of it between two calls.
    worker.process.send_signal(signal.SIGINT)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    pid = worker.process.pid
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        worker.call("silent", seconds=60)
    timer.join()
    assert gone(pid)


@pytest.mark.parametrize(
    ("number", "word"), [(signal.SIGSEGV, "SIGSEGV"), (signal.SIGKILL, "memory")]
)
def test_a_crash_is_one_sentence_and_the_next_call_starts_afresh(worker, number, word):
    with pytest.raises(errors.WorkerError, match=word) as caught:
        worker.call("die", signal=int(number))
    assert "\n" not in str(caught.value)
    if number == signal.SIGSEGV:
        assert "in die" in caught.value.details
    assert worker.call("echo", value=3) == {"value": 3}


def test_a_child_that_died_between_two_calls_is_replaced_without_a_word(worker):
    worker.call("echo")
    scratch = worker.scratch
    worker.process.kill()
    worker.process.wait()
    assert worker.call("echo", value=4) == {"value": 4}
    assert not scratch.exists()


def test_every_answer_is_json(monkeypatch, tmp_path):
    """The child's side of a call, in this process."""
    replies = io.BytesIO()

    def answer(verb):
        monkeypatch.setitem(worker_process.VERBS, "verb", verb)
        request = {"folder": str(tmp_path), "arguments": {"dict": {"value": 2}}, "verb": "verb"}
        return json.loads(json.dumps(worker_process._answer(request, replies)))

    def fail(error):
        def verb(value, progress):
            progress(0.5, "half")
            raise error

        return answer(verb)["error"]

    assert answer(lambda value, progress: value * 2) == {"result": 4}
    core = fail(errors.GridMismatchError("other grid."))
    assert core == {"type": "GridMismatchError", "text": "other grid.", "details": ""}
    for error in (KeyError("k"), MemoryError(), SystemExit(1)):
        told = fail(error)
        assert told["type"] == "WorkerError" and "Traceback" in told["details"]
    assert json.loads(replies.getvalue().splitlines()[0]) == {"progress": [0.5, "half"]}


@pytest.mark.parametrize("kind", ["MapContentError", "GridMismatchError", "ModelError"])
def test_errors_of_the_core_keep_type_and_text(worker, kind):
    with pytest.raises(getattr(errors, kind)) as caught:
        worker.call("fail", kind=kind, text="the text, in Å.")
    assert type(caught.value) is getattr(errors, kind)
    assert str(caught.value) == "the text, in Å."
    assert worker.process.poll() is None


@pytest.mark.parametrize(
    ("kind", "word"), [("ZeroDivisionError", "two lines"), ("MemoryError", "enough memory")]
)
def test_other_errors_are_one_sentence_with_details(worker, kind, word):
    with pytest.raises(errors.WorkerError, match=word) as caught:
        worker.call("fail", kind=kind, text="two\nlines")
    assert "\n" not in str(caught.value)
    assert "in fail" in caught.value.details
    assert worker.process.poll() is None


def test_a_library_that_exits_is_an_error(worker):
    with pytest.raises(errors.WorkerError, match="SystemExit: 3"):
        worker.call("leave")


def test_a_second_analysis_inside_the_first_is_refused(worker):
    refused = []

    def progress(fraction, message):
        with pytest.raises(errors.WorkerError, match="running already"):
            worker.call("echo")
        refused.append(message)

    worker.call("silent", progress, seconds=0.5)
    assert refused


def test_closing_during_a_call_cancels_it(worker):
    with pytest.raises(errors.Cancelled):
        worker.call("silent", lambda fraction, message: worker.close(), seconds=60)


@pytest.mark.parametrize("delay", [0.02, 0.05, 0.1, 0.3])
def test_closing_in_another_thread_cancels_it_too(worker, delay):
    """As quitting does, while another thread waits for the answer."""
    worker.call("echo")
    threading.Timer(delay, worker.close).start()
    with pytest.raises(errors.Cancelled):
        worker.call("silent", seconds=60)


def test_the_child_ends_when_idle_and_comes_back():
    worker = VerbWorker(idle_seconds=0.3)
    worker.call("echo")
    pid = worker.process.pid
    assert gone(pid)
    assert worker.call("places")[3] != pid
    worker.close()


def test_a_call_that_arrives_just_as_the_child_goes_idle_is_answered(monkeypatch):
    worker = VerbWorker(idle_seconds=0.2)
    worker.call("echo")
    assert gone(worker.process.pid)
    # It has gone, but the parent does not know yet.
    monkeypatch.setattr(child.Child, "is_alive", lambda self: True)
    assert worker.call("echo", value=5) == {"value": 5}
    worker.close()


def test_an_interpreter_that_cannot_start_is_one_sentence():
    with pytest.raises(errors.WorkerError, match="cannot start /nowhere/python"):
        Worker("/nowhere/python").local_resolution(noisy_ball(16))


def test_a_missing_library_is_named(monkeypatch):
    # Without the parent's libraries numpy is not found.
    monkeypatch.setattr(sys, "path", [p for p in sys.path if "site-packages" not in p])
    with pytest.raises(errors.WorkerError, match="No module named 'numpy'"):
        Worker().local_resolution(noisy_ball(16))


@pytest.mark.parametrize(
    ("verb", "arguments"), [("silent", "seconds=60"), ("compute", "size=5000")]
)
def test_the_child_dies_with_a_killed_parent(verb, arguments):
    program = (
        "import json, sys\n"
        "from test_worker import VerbWorker\n"
        "worker = VerbWorker()\n"
        "worker.call('echo')\n"
        "print(json.dumps([worker.process.pid, str(worker.scratch)]), flush=True)\n"
        f"worker.call({verb!r}, lambda *said: print(*said, flush=True), {arguments})\n"
    )
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
    ) as parent:
        pid, scratch = json.loads(parent.stdout.readline())
        while b"0.5" not in parent.stdout.readline():
            pass
        parent.kill()
    assert gone(pid)
    assert not Path(scratch).exists()


def test_a_forgotten_worker_leaves_nothing_behind():
    worker = VerbWorker()
    worker.call("echo")
    pid, scratch = worker.process.pid, worker.scratch
    del worker
    assert gone(pid)
    assert not scratch.exists()


def test_a_program_that_ends_without_closing_leaves_nothing_behind():
    program = (
        "from test_worker import VerbWorker\n"
        "worker = VerbWorker()\n"
        "worker.call('echo')\n"
        "print(worker.scratch, flush=True)\n"
    )
    path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONPATH": path}, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert not Path(done.stdout.decode().strip()).exists()
