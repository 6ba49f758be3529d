"""No PDB entry is in two of the sets that maps are simulated from."""

from pathlib import Path

import pytest

from training.data.structures import rows
from training.simulate.examples import pools

FOLDER = Path(__file__).parents[3] / "training" / "splits"
SPLITS = ("train", "validation", "test")


def entries(folder):
    return {
        split: {row["pdb_id"] for found in pools(folder, split).values() for row in found}
        for split in SPLITS
    }


def assert_disjoint(found):
    assert not found["train"] & found["validation"]
    assert not found["train"] & found["test"]
    assert not found["validation"] & found["test"]


def counts(folder):
    return {split: sum(map(len, pools(folder, split).values())) for split in SPLITS}


def test_the_splits_are_disjoint_and_the_test_set_is_the_published_one():
    assert_disjoint(entries(FOLDER))
    assert counts(FOLDER) == {"train": 9333, "validation": 2675, "test": 2794}
    table = rows(FOLDER / "structures.tsv")
    training = {row["pdb_id"] for row in table if row["split"] == "train"}
    test = [row["id"] for row in table if row["split"] == "test" and row["pdb_id"] not in training]
    found = [row["id"] for rows_of_set in pools(FOLDER, "test").values() for row in rows_of_set]
    assert sorted(found) == sorted(test)


def test_the_splits_of_the_data_are_disjoint(shared_data):
    assert_disjoint(entries(shared_data))
    assert counts(shared_data) == counts(FOLDER)


@pytest.fixture
def made_up(tmp_path):
    """Return a folder whose table has an entry in one split, in each two, in all, and unknown."""
    places = {
        "1AAA": ("train",), "1BBB": ("validation",), "1CCC": ("test",),
        "2AAA": ("train", "validation"), "2BBB": ("train", "test"), "2CCC": ("validation", "test"),
        "3AAA": SPLITS, "": SPLITS,
    }  # fmt: skip
    lines = [
        f"{entry}_{split}\tchain\t{split}\t{entry}"
        for entry, splits in places.items()
        for split in splits
    ]
    (tmp_path / "structures.tsv").write_text("\n".join(["id\tset\tsplit\tpdb_id", *lines]))
    return tmp_path


def test_an_entry_counts_for_training_then_test_then_validation(made_up):
    assert entries(made_up) == {
        "train": {"1AAA", "2AAA", "2BBB", "3AAA", ""},
        "test": {"1CCC", "2CCC"},
        "validation": {"1BBB"},
    }
