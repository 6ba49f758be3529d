"""The installed bundle: help, the demo, one process, errors that are one sentence."""

import signal
from pathlib import Path

import mrcfile
import pytest
from scenes import blobs

from mapres.local.methods import METHODS, OPTIONS
from mapres.networks.registry import summaries

psutil = pytest.importorskip("psutil")


@pytest.fixture
def demo(session, tmp_path):
    import demo

    made = demo.Demo(session, tmp_path, tmp_path)
    yield made
    session.logger.remove_log(made.log)


def test_demo_writes_results(demo, tmp_path, capsys):
    path = tmp_path / "mine.mrc"
    with mrcfile.new(path) as mrc:
        mrc.set_data(blobs())
        mrc.voxel_size = 2.0
    assert demo.refusal(demo.show, path, 5.0) == ""
    assert "resvalidate #1 claimed 5" in capsys.readouterr().out
    names = {file.name for file in tmp_path.iterdir()} - {"mine.mrc"}
    assert names == {f"mine-localres.{suffix}" for suffix in ("mrc", "glb", "png")}
    with mrcfile.open(tmp_path / "mine-localres.mrc") as mrc:
        assert mrc.data.shape == blobs().shape
    assert (tmp_path / "mine-localres.png").read_bytes().startswith(b"\x89PNG")


def test_demo_refuses_a_missing_map(demo, tmp_path, capsys):
    assert "none.mrc" in demo.refusal(demo.show, tmp_path / "none.mrc")
    assert "Refused:" in capsys.readouterr().out


def page_and_keywords(session, command):
    """Return the help page of a command and the names of its options."""
    from chimerax.core.commands import cli
    from chimerax.core.toolshed import get_help_directories

    found = [Path(d) / "user/commands" / f"{command}.html" for d in get_help_directories()]
    (page,) = [path for path in found if path.exists()]
    parsed = cli.Command(session)
    parsed.current_text = command
    parsed._find_command_name(True)
    return page.read_text(encoding="utf-8"), set(parsed._ci._keyword)


@pytest.mark.parametrize(
    ("command", "values"), [("resvalidate", summaries()), ("localres", METHODS)]
)
def test_help_page_is_found_and_names_every_option(session, command, values):
    from chimerax.core.commands.cli import user_kw

    page, keywords = page_and_keywords(session, command)
    for option in keywords:
        assert f"<b>{user_kw(option)}</b>" in page
    for value in values:
        assert f"<b>{value.replace('-', '&#8209;')}</b>" in page


def test_options_of_methods_come_from_the_table(session):
    _, keywords = page_and_keywords(session, "localres")
    assert set(OPTIONS) <= keywords


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
    from chimerax.map_resolution.mapres.validation import analysis

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr(analysis, "measure_map", fail)
    with pytest.raises(UserError, match="not enough memory"):
        do("resvalidate #1")


@pytest.mark.parametrize("command", ["resvalidate #1", "localres #1 key false"])
def test_the_device_is_named(do, small_map, log, command):
    do(f"{command} device cpu")
    assert "CPUExecutionProvider" in log.getvalue()
    do(f"{command} device gpu")
    assert "the network ran on the CPU" in " ".join(log.getvalue().split())


def test_progress_is_shown_once_per_step(session, do, small_map):
    from chimerax.core.logger import StringPlainTextLog

    shown = []

    class Status(StringPlainTextLog):
        def status(self, message, *_):
            shown.append(message)
            return True

    with Status(session.logger):
        do("localres #1 key false")
    steps = [text.partition(" (")[0] for text in shown if text.startswith("small #1: ")]
    assert steps and len(steps) == len(set(steps))
