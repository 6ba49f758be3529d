"""One session of the real ChimeraX library for all the tests of this folder."""

import importlib.util
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import headless
from scenes import blobs, open_array
from wheels import bundle_wheel


def pytest_collection_modifyitems(items):
    missing = importlib.util.find_spec("chimerax") is None
    for item in items:
        if Path(__file__).parent in item.path.parents:
            # The library is older than the Python packages around it, and they say so.
            item.add_marker(pytest.mark.filterwarnings("ignore"))
            item.add_marker(pytest.mark.skipif(missing, reason="ChimeraX is not installed"))


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    return bundle_wheel(tmp_path_factory)


@pytest.fixture(scope="session")
def whole_session(tmp_path_factory, wheel):
    session = headless.start(tmp_path_factory.mktemp("chimerax"), wheel)
    yield session
    session.triggers.activate_trigger("app quit", None)


@pytest.fixture
def session(whole_session):
    yield whole_session
    from chimerax.core.commands import run

    run(whole_session, "close", log=False)


@pytest.fixture
def do(session):
    """Run a command as a user types it."""
    from chimerax.core.commands import run

    return lambda command, **options: run(session, command, **options)


@pytest.fixture
def log(session):
    """Everything logged during the test, as plain text."""
    from chimerax.core.logger import StringPlainTextLog

    with StringPlainTextLog(session.logger) as text:
        yield text


@pytest.fixture
def small_map(session):
    """Open a simulated map on a small grid that is not cubic and not at the origin."""
    return open_array(session, blobs(), name="small")


@pytest.fixture
def channel(do):
    """Open a real single-particle map."""
    return do(f'open "{headless.real_map("ispg_0.mrc")}"')[0]


@pytest.fixture
def windowed(session, monkeypatch):
    """Give the session a window; what is raised in it, where no test sees it, is an error."""
    pytest.importorskip("PySide6")
    import window

    window.install()
    raised = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, value, trace: raised.append(value))
    before, session.ui = session.ui, window.WindowedUI(session)
    yield session
    session.ui = before
    assert raised == []


@pytest.fixture
def tool(windowed):
    """Start the tool, as if for the first time."""
    import window
    from chimerax.color_key import cmd

    if not hasattr(windowed, "key_is_registered"):
        # In the application the toolshed does it.
        cmd.register_command(windowed.logger)
        windowed.key_is_registered = True
    found = window.start(windowed)
    # What an earlier one left is remembered.
    found.panel.tabs.setCurrentWidget(found.panel.validate_form)
    window.choose(found.panel.local_form.method, "mapres")
    window.choose(found.panel.validate_form.model, "default")
    found.panel.local_form.uncertainty.setChecked(False)
    yield found
    if found in windowed.tools.list():
        found.delete()


@pytest.fixture
def panel(tool):
    return tool.panel
