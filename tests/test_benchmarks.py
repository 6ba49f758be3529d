"""The benchmarks, on maps so small that they take seconds."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(autouse=True)
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")


def compare(tmp_path, base):
    script = ROOT / "benchmarks" / "compare.py"
    options = ["--base", base, "--runs", "1", "--edges", "48", "--cases", "validate", "fsc"]
    command = [sys.executable, str(script), *options]
    environment = {"PYTHONPATH": str(ROOT / "src"), "TMPDIR": str(tmp_path)}
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the history is not there")
def test_a_commit_is_measured_beside_what_is_there(tmp_path):
    done = compare(tmp_path, "HEAD")
    assert (done.returncode, done.stderr) == (0, "")
    header, rule, *rows = (
        [cell.strip() for cell in line.split("|")[1:-1]]
        for line in done.stdout.splitlines()
        if line.startswith("|")
    )
    assert "HEAD: s" in header and "now: s" in header and len(rule) == len(header)
    assert [row[:2] for row in rows] == [["`mapres validate`", "48³"], ["FSC, mask", "48³"]]
    for row in rows:
        pair, base, base_pairs, base_memory, ours, _, memory, ratio, memory_ratio = (
            float(cell.replace(",", "")) for cell in row[2:]
        )
        assert pair > 0 and base_pairs == pytest.approx(base / pair, rel=0.02)
        assert ratio == pytest.approx(ours / base, rel=0.02)
        assert memory_ratio == pytest.approx(memory / base_memory, rel=0.02)
    assert not [*tmp_path.iterdir()]


def test_a_commit_that_is_not_there_is_named(tmp_path):
    done = compare(tmp_path, "nonsense")
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith("nonsense cannot be compared with")


def test_a_version_that_fails_leaves_the_others_measured(tmp_path, capfd):
    import compare

    sources = {"base": tmp_path, "now": ROOT / "src"}
    (tmp_path / "mapres.py").write_text("raise ImportError('broken')")
    for name in ("validate", "fsc"):
        found = compare.measure(sources, name, 48, 1, tmp_path)
        cells = compare.row(name, 48, found).split(" | ")
        assert cells[3:6] == ["–", "–", "–"] and float(cells[6]) > 0
    assert "ImportError: broken" in capfd.readouterr().err


def test_exponents_of_power_laws_are_found():
    import scaling

    edges = np.array([64, 128, 256])
    assert scaling.exponent(edges, 3 * (edges**3.0) ** 1.25) == pytest.approx(1.25)


@pytest.mark.parametrize("edge", [48, 65])
def test_synthetic_maps_are_a_ball_in_noise(edge):
    import maps

    density, inside = maps.large_map(edge), maps.mask(edge).values > 0.5
    assert density.values.shape == inside.shape == (edge,) * 3
    assert inside.mean() == pytest.approx(0.15, abs=0.01)
    again = maps.large_map(edge, half=2).values
    r_inside, r_outside = (
        np.corrcoef(density.values[where], again[where])[0, 1] for where in (inside, ~inside)
    )
    assert r_inside > 0.1 and abs(r_outside) < 0.02
