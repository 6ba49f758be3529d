"""The tutorial: every command runs, and the log has the lines that the tutorial shows."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCKS = re.findall(
    r"^```(\w+)\n(.*?)^```$", (ROOT / "docs/tutorial.md").read_text(encoding="utf-8"), re.M | re.S
)


SHELL = [command for kind, text in BLOCKS if kind == "sh" for command in text.splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A copy of the tutorial's files, unpacked by its first command."""
    folder = tmp_path_factory.mktemp("tutorial")
    shutil.copytree(ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("_*"))
    in_shell(SHELL[0], folder)
    return folder


def in_shell(command, folder):
    """Run a command of the shell with this Python."""
    program, *arguments = command.split()
    python = {"python": [], "mapres": ["-m", "mapres"]}[program]
    line = [sys.executable, *python, *arguments]
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_commands_log_what_is_shown(folder, session, do, monkeypatch):
    from chimerax.core.logger import StringPlainTextLog
    from chimerax.std_commands import hide

    # The library carries no metadata for its own bundles: this is registered by hand.
    hide.register_command(session.logger)
    monkeypatch.chdir(folder)
    logged = ""
    for kind, text in BLOCKS:
        if kind == "chimerax":
            with StringPlainTextLog(session.logger) as log:
                for command in text.strip().splitlines():
                    do(command)
                logged = " ".join(log.getvalue().split())
        elif kind == "log":
            for line in text.strip().splitlines():
                assert line in logged
    assert {"local.mrc", "local.png"} <= {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("command", SHELL[1:])
def test_shell_commands_run(folder, command):
    in_shell(command, folder)
    for name in re.findall(r"\S+\.(?:mrc|png)(?= |$)", command):
        assert (folder / name).is_file()
