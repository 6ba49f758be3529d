"""What is installed in ChimeraX: help, one process, no library that only training needs."""

import signal
import subprocess
import sys
from pathlib import Path

import mrcfile
import pytest
from scenes import blobs

psutil = pytest.importorskip("psutil")

ROOT = Path(__file__).resolve().parents[2]

DEMO = """
import sys
sys.path.insert(0, "tools")
import demo
status = demo.main(["--map", sys.argv[1], "--claimed", "5", "--output", sys.argv[2]])
loaded = sorted({"keras", "tensorflow", "jax", "torch"} & set(sys.modules))
print("loaded:", loaded)
sys.exit(status)
"""


def test_demo_writes_results_and_loads_nothing_of_training(tmp_path):
    path, output = tmp_path / "mine.mrc", tmp_path / "output"
    with mrcfile.new(path) as mrc:
        mrc.set_data(blobs())
        mrc.voxel_size = 2.0
    done = subprocess.run(
        [sys.executable, "-c", DEMO, str(path), str(output)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert done.returncode == 0, done.stderr
    assert "loaded: []" in done.stdout
    assert "resvalidate #1 claimed 5" in done.stdout
    names = {file.name for file in output.iterdir()}
    assert names == {f"mine-localres.{suffix}" for suffix in ("mrc", "glb", "png")}
    with mrcfile.open(output / "mine-localres.mrc") as mrc:
        assert mrc.data.shape == blobs().shape
    assert (output / "mine-localres.png").read_bytes().startswith(b"\x89PNG")


def test_demo_refuses_a_missing_map(tmp_path):
    arguments = ["--map", str(tmp_path / "none.mrc"), "--output", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "tools/demo.py", *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "Refused:" in done.stdout and "none.mrc" in done.stdout


@pytest.mark.parametrize("command", ["resvalidate", "localres"])
def test_help_page_is_found_and_names_every_option(session, command):
    from chimerax.core.commands import cli
    from chimerax.core.toolshed import get_help_directories

    found = [Path(d) / "user/commands" / f"{command}.html" for d in get_help_directories()]
    (page,) = [path for path in found if path.exists()]
    text = page.read_text(encoding="utf-8")
    for option in cli.command_function(command).__kwdefaults__:
        if option != "return_json":
            first, *rest = option.split("_")
            typed = first + "".join(word.capitalize() for word in rest)
            assert f"<b>{typed}</b>" in text


def test_both_commands_run_in_this_process(session, do, small_map):
    before = psutil.Process().children()
    do("resvalidate #1")
    do("localres #1 key false")
    assert psutil.Process().children() == before


def test_control_c_cancels(session, do, small_map, monkeypatch):
    from chimerax.core.errors import CancelOperation

    def interrupt(*_, **__):
        monkeypatch.undo()
        signal.raise_signal(signal.SIGINT)

    # A job in the background ignores the signal unless it is told not to.
    monkeypatch.setattr(session.logger, "status", interrupt)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(CancelOperation):
            do("localres #1")
    finally:
        signal.signal(signal.SIGINT, before)
    # Nothing half done is left behind, and the next command runs.
    assert len([m for m in session.models.list() if hasattr(m, "data")]) == 1
    do("localres #1 key false")


def test_too_little_memory_is_one_sentence(session, do, small_map, monkeypatch):
    from chimerax.core.errors import UserError
    from chimerax.map_resolution.mapres.validation import validate as validation

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(validation, "measure_map", fail)
    with pytest.raises(UserError, match="not enough memory"):
        do("resvalidate #1")


@pytest.mark.parametrize("command", ["resvalidate #1", "localres #1 key false"])
def test_the_device_is_named(do, small_map, log, command):
    do(f"{command} device cpu")
    assert "CPUExecutionProvider" in log.getvalue()
    do(f"{command} device gpu")
    assert "the network ran on the CPU" in log.getvalue()


def test_progress_is_told_once_a_step(session, do, small_map):
    from chimerax.core.logger import StringPlainTextLog

    told = []

    class Status(StringPlainTextLog):
        def status(self, message, *_):
            told.append(message)
            return True

    with Status(session.logger):
        do("localres #1 key false")
    steps = [text.partition(" (")[0] for text in told if text.startswith("small #1: ")]
    assert steps and len(steps) == len(set(steps))
