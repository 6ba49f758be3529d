"""The paper's simulated maps, made, stored and read."""

import numpy as np
import pytest

from training.avramov2019.classifiers import paper_maps
from training.avramov2019.classifiers.paper_maps import (
    PaperMaps,
    paper_map,
    paper_molecules,
    write_paper_maps,
)
from training.data.structures import from_packed


def test_molecules_are_chains_of_one_split_each_cluster_once(shared_data):
    everything = {split: paper_molecules(shared_data, split) for split in ("train", "test")}
    clusters = {split: [row["cluster40"] for row in rows] for split, rows in everything.items()}
    assert all(len(set(found)) == len(found) for found in clusters.values())
    assert not set(clusters["train"]) & set(clusters["test"])
    assert all(10 <= float(row["mw_kDa"]) <= 200 for row in everything["test"])
    assert paper_molecules(shared_data, "test", 5) == everything["test"][:5]


def test_stored_maps_are_the_simulated(shared_data, tmp_path, monkeypatch):
    monkeypatch.setattr(paper_maps, "BLOCK", 1)
    done = list(write_paper_maps(shared_data, "test", 2, tmp_path, processes=1))
    assert done == [(1, 2), (2, 2)]
    maps = PaperMaps(tmp_path, "test")
    assert len(maps) == 6 and maps.labels.tolist() == [0, 1, 2] * 2
    row = paper_molecules(shared_data, "test", 2)[1]
    expected = paper_map(from_packed(shared_data / "structures.h5", int(row["index"])), 12.5)
    stored = maps.batch(np.array([5]))[0, ..., 0]
    assert np.allclose(stored, expected, atol=5e-4)
    assert (stored.min(), stored.max()) == (0, 1)


def test_an_interrupted_run_goes_on(shared_data, tmp_path, monkeypatch):
    monkeypatch.setattr(paper_maps, "BLOCK", 1)
    first = write_paper_maps(shared_data, "test", 2, tmp_path, processes=1)
    assert next(first) == (1, 2)
    first.close()
    with pytest.raises(FileNotFoundError, match="paper-maps"):
        PaperMaps(tmp_path, "test")
    assert list(write_paper_maps(shared_data, "test", 2, tmp_path, processes=1)) == [(2, 2)]
    assert len(PaperMaps(tmp_path, "test").summary["ids"]) == 2


def test_a_whole_set_is_left_alone_and_another_number_begins_anew(
    shared_data, tmp_path, monkeypatch
):
    monkeypatch.setattr(paper_maps, "BLOCK", 1)
    list(write_paper_maps(shared_data, "test", 2, tmp_path, processes=1))
    before = [(tmp_path / name).stat() for name in ("test.npy", "test.json")]
    assert list(write_paper_maps(shared_data, "test", 2, tmp_path, processes=1)) == [(2, 2)]
    after = [(tmp_path / name).stat() for name in ("test.npy", "test.json")]
    assert [s.st_mtime_ns for s in before] == [s.st_mtime_ns for s in after]
    another = write_paper_maps(shared_data, "test", 3, tmp_path, processes=1)
    assert next(another) == (1, 3)
    another.close()
    with pytest.raises(FileNotFoundError, match="paper-maps"):
        PaperMaps(tmp_path, "test")


def test_a_molecule_beyond_the_box_is_counted(ball):
    assert not paper_maps.is_cut(ball)
    moved = ball.__class__(ball.id, ball.xyz + 30.0, ball.atomic_number, ball.b_factor)
    assert paper_maps.is_cut(moved)
