"""Tables 6 and 7, from small cubes and U-Nets to files."""

import csv

import numpy as np
import pytest

from training.avramov2019.unets import unet as unets
from training.evaluate.paper.reproduce_local import METHODS, Runs, table_6, table_6_widths, table_7
from training.models import curve
from training.models.curve import note_stages

pytestmark = pytest.mark.usefixtures("eager")
PROTOCOLS = ("paper", "split-by-map")


@pytest.fixture
def runs(rng, tmp_path, monkeypatch):
    """Ten maps of three cubes each, the first class everywhere, and networks that know nothing."""
    monkeypatch.setattr(unets, "LEVELS", 1)
    runs = Runs(tmp_path / "cubes", tmp_path, 2)
    for method in METHODS:
        folder = runs.cubes / method
        folder.mkdir(parents=True)
        for number in range(10):
            values = rng.random((3, 16, 16, 16)).astype(np.float16)
            classes = np.zeros(values.shape, dtype=np.uint8)
            np.savez(folder / f"simulated-{number:04d}.npz", values=values, classes=classes)
        for protocol in PROTOCOLS:
            runs.folder(method, protocol).mkdir()
            unets.unet(2).save(runs.folder(method, protocol) / "best.keras")
    return runs


def cells(path):
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


def test_table_6_compares_both_networks_on_both_labels(runs, tmp_path):
    table_6(runs, tmp_path)
    rows = cells(tmp_path / "table-6.csv")[1:]
    assert [row[:3] for row in rows[:2]] == [
        ["MonoRes", "MonoRes", "paper"],
        ["MonoRes", "ResMap", "paper"],
    ]
    assert [row[5] for row in rows] == ["88.3%", "59.4%", "-", "-", "88.9%", "94.7%", "-", "-"]
    # All voxels are labeled, and a constant is right about all of them.
    assert all(row[6] == row[7] and row[8] == "100.0%" for row in rows)


def test_widths_are_those_of_the_runs_by_both_protocols(runs, tmp_path):
    for run in tmp_path.glob("unet-*"):
        note_stages(run, {".": {}})
        curve.append({"step": 7, "minutes": 0.1, "validation loss": 1.0}, run)
    table_6_widths(runs, tmp_path)
    rows = cells(tmp_path / "table-6-widths.csv")[1:]
    assert [row[:3] for row in rows] == [
        [name, protocol, "2"] for name in METHODS.values() for protocol in PROTOCOLS
    ]
    assert {row[4] for row in rows} == {"7"}


def test_table_7_counts_every_cube_once(runs, tmp_path):
    table_7(runs, tmp_path)
    rows = cells(tmp_path / "table-7.csv")[1:]
    assert len(rows) == 12 and [row[3] for row in rows[:3]] == ["9670", "1080", "2694"]
    for start in range(0, 12, 3):
        assert sum(int(row[4]) for row in rows[start : start + 3]) == 30
    assert sum(int(row[5]) for row in rows[3:6]) == 10


def test_untrained_says_what_to_run(runs):
    (runs.folder("resmap", "split-by-map") / "best.keras").unlink()
    with pytest.raises(FileNotFoundError, match="fit unet"):
        runs.network("resmap", "split-by-map")
