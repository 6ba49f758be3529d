"""How often warnings are given: trials counted, and the subcommand from maps to tables."""

import csv
import gzip
import shutil

import numpy as np
import pytest
from handmade import folded_chain, mrc_bytes

from training.__main__ import main
from training.evaluate import warnings
from training.simulate.decoys import DECOYS


@pytest.fixture
def data(packed, tmp_path):
    """Return a folder with structures, and with a published map and a broken one."""
    folder = tmp_path / "data"
    shutil.copytree(packed, folder)
    (folder / "maps").mkdir()
    values = folded_chain().values
    for name, content in (("chain", values), ("constant", np.ones((16, 16, 16)))):
        cell = tuple(1.5 * n for n in content.shape)
        packed_map = gzip.compress(mrc_bytes(content, cell=cell))
        (folder / "maps" / f"{name}.map.gz").write_bytes(packed_map)
    lines = ["file\tpublished_resolution_A", "chain.map.gz\t5.0", "constant.map.gz\t"]
    (folder / "maps" / "maps.tsv").write_text("\n".join(lines) + "\n")
    return folder


def table(path):
    return list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))


def test_trials_are_counted_by_what_they_are():
    """By warning, and first where it should be given."""
    right, missed, wrong = (
        warnings.Trial("inverted", "inverted maps", True, True),
        warnings.Trial("inverted", "inverted maps", True, False),
        warnings.Trial("inverted", "ordinary maps", False, True),
    )
    low_passed = warnings.Trial("low-passed", "none", False, False)
    assert warnings._counted([wrong, right, low_passed, missed]) == [
        ["low-passed", "none", "no", 1, 0, "0.0%"],
        ["inverted", "inverted maps", "yes", 2, 1, "50.0%"],
        ["inverted", "ordinary maps", "no", 1, 1, "100.0%"],
    ]


def test_the_subcommand_tries_every_warning(data, tmp_path, monkeypatch):
    words = ["training", "warnings", "--data", str(data), "--maps", "3", "--out", str(tmp_path)]
    monkeypatch.setattr("sys.argv", words)
    # Of maps with small boxes.
    monkeypatch.setattr(warnings, "SEED", 20)
    main()
    rows = table(tmp_path / "warnings.csv")
    due = {row["maps"]: row for row in rows if row["should be given"] == "yes"}
    assert set(DECOYS) <= set(due)
    assert int(due["noise-free maps"]["n"]) == int(due["ordinary maps inverted"]["n"]) == 3
    assert due["gradient"]["given"] == due["gradient"]["n"]
    published = {row["map"]: row for row in table(tmp_path / "warnings-real.csv")}
    assert published["chain.map.gz"]["warnings"] == "-"
    assert published["constant.map.gz"]["claimed (Å)"] == "unknown"
    assert "refused" in published["constant.map.gz"]["warnings"]
