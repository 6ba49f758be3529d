"""The demo and a benchmark as ``make`` runs them, in a clone alone."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from unittest.mock import MagicMock

import mrcfile
import numpy as np
import pytest
from wheels import bundle_wheel

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT / "tools"
STEMS = ("ispg_0-localres", "simulated-localres")

# The demo, with a bundle that is built already; both commands run without what training needs.
DEMO = """
import sys
from functools import partial
from pathlib import Path
sys.path.insert(0, sys.argv[1])
import demo
demo.headless.start = partial(demo.headless.start, wheel=Path(sys.argv[2]))
status = demo.main([])
print("loaded:", sorted({"keras", "tensorflow", "jax", "torch"} & set(sys.modules)))
sys.exit(status)
"""

needs_chimerax = pytest.mark.skipif(
    importlib.util.find_spec("chimerax") is None, reason="ChimeraX is not installed"
)


@needs_chimerax
def test_default_demo_gives_valid_files_and_refuses_the_crystal(tmp_path, tmp_path_factory):
    command = [sys.executable, "-c", DEMO, str(TOOLS), str(bundle_wheel(tmp_path_factory))]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Refused: EMD-3001.map #1 has a non-orthogonal cell" in done.stdout
    assert done.stdout.count("Refused:") == 1
    assert "Median distance from the simulated truth" in done.stdout
    assert done.stdout.endswith("loaded: []\n")
    output = tmp_path / "demo-output"
    expected = {f"{stem}.{suffix}" for stem in STEMS for suffix in ("mrc", "glb", "png")}
    assert {file.name for file in output.iterdir()} == expected
    for stem in STEMS:
        with mrcfile.open(output / f"{stem}.mrc") as mrc:
            assert np.isfinite(mrc.data).all() and mrc.data.min() > 0
        assert (output / f"{stem}.glb").read_bytes().startswith(b"glTF")
        assert (output / f"{stem}.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


@pytest.mark.parametrize(
    ("channel", "crystal", "simulated", "status"),
    [
        ("", "it has a non-orthogonal cell", "", 0),
        ("", "", "", 1),
        ("", "it cannot be opened", "", 1),
        ("no", "it has a non-orthogonal cell", "", 1),
        ("", "it has a non-orthogonal cell", "no", 1),
    ],
)
def test_status_says_if_just_the_crystal_was_refused(
    monkeypatch, tmp_path, channel, crystal, simulated, status
):
    monkeypatch.syspath_prepend(TOOLS)
    import demo

    refusals = iter((channel, crystal, simulated))
    monkeypatch.setattr(demo.headless, "start", MagicMock())
    monkeypatch.setattr(demo.headless, "printed_log", MagicMock())
    monkeypatch.setattr(demo.Demo, "refusal", lambda *_: next(refusals))
    assert demo.main(["--output", str(tmp_path)]) == status


@pytest.mark.parametrize(("refusal", "status"), [("", 0), ("it cannot be opened", 2)])
def test_status_says_if_a_users_map_was_refused(monkeypatch, tmp_path, refusal, status):
    monkeypatch.syspath_prepend(TOOLS)
    import demo

    monkeypatch.setattr(demo.headless, "start", MagicMock())
    monkeypatch.setattr(demo.headless, "printed_log", MagicMock())
    monkeypatch.setattr(demo.Demo, "refusal", lambda *_: refusal)
    assert demo.main(["--map", "mine.mrc", "--output", str(tmp_path)]) == status


def test_benchmark_without_its_data_says_so_in_one_line(tmp_path):
    script = ROOT / "benchmarks" / "monores.py"
    command = [sys.executable, str(script), str(tmp_path / "data")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stdout.count("\n"), done.stderr) == (0, 1, "")
    assert "data is not there" in done.stdout
