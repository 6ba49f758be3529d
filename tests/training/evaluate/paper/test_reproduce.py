"""The paper's tables, from maps to files, with tiny models that always say the same."""

import csv
import gzip
import re

import numpy as np
import pytest
from handmade import mrc_bytes, noisy_ball

from training.__main__ import main
from training.data import published
from training.data.entries import paper_ids
from training.evaluate.paper import reproduce
from training.evaluate.tables import Table


@pytest.fixture
def thirty(tmp_path):
    """Return a folder with a small map under every name of the paper's thirty."""
    content = gzip.compress(mrc_bytes(noisy_ball().values, cell=(48.0, 48.0, 48.0)))
    for number in paper_ids("global"):
        (tmp_path / f"emd_{number}.map.gz").write_bytes(content)
    return tmp_path


def cells(path):
    with open(path, newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


def test_published_classes_of_the_thirty_are_the_papers(thirty):
    """Ten of each class; the paper's own answers give its own confusion matrices."""
    maps = published.published_maps(thirty)
    classes = [reproduce.CLASSES[reproduce.class_of(m.resolution)] for m in maps]
    assert [classes.count(name) for name in reproduce.CLASSES] == [10, 10, 10]
    for place, model in enumerate(("dnn", "cnn")):
        found = [m.paper[place] for m in maps]
        matrix = reproduce.confusion_matrix(classes, found)
        assert np.array_equal(matrix, reproduce.PAPER_CONFUSION[model])


def test_tables_of_published_maps(thirty, tmp_path, tiny_models, monkeypatch):
    """All maps are medium to the dense network, low to the CNN, 7 Å to the default."""
    out = tmp_path / "results"
    claims, answers = [], {}

    def validate(density, model, claimed):
        """Answer once for each model: all thirty maps are the same."""
        claims.append(claimed)
        if model not in answers:
            answers[model] = validating(density, model=model, claimed=claimed)
        return answers[model]

    validating = reproduce.validate
    monkeypatch.setattr(reproduce, "validate", validate)
    for table in ("2", "3", "4", "5"):
        words = ["training", "reproduce", "--table", table, "--maps", str(thirty)]
        monkeypatch.setattr("sys.argv", [*words, "--out", str(out)])
        main()
    wanted = [each.resolution for each in published.published_maps(thirty)]
    assert claims == [claim for claim in wanted for _ in reproduce.NETWORKS] * 4
    second = cells(out / "table-2.csv")
    assert len(second) == 31 and second[1][:4] == ["EMD-8221", "1.6", "high", "high"]
    assert {tuple(row[4:7]) for row in second[1:]} == {("medium", "low", "medium")}
    third, fourth = cells(out / "table-3.csv"), cells(out / "table-4.csv")
    assert [row[4:7] for row in third[1:]] == [["0", "10", "0"]] * 3
    assert [row[4:7] for row in fourth[1:]] == [["0", "0", "10"]] * 3
    fifth = {tuple(row[:2]): row[2:] for row in cells(out / "table-5.csv")[1:]}
    assert fifth["paper DNN", "medium"] == ["50.0%", "75.0%", "50.0%", "75.0%"]
    assert fifth["default", "medium"] == ["100.0%", "0.0%", "33.3%", "-"]
    text = (out / "table-2.md").read_text(encoding="utf-8")
    assert "30 published maps" in text and "default@" in text
    found = re.search(r"interval holds (\d+) of 30", text)
    assert found and 0 < int(found[1]) < 15
    assert "of the same maps" in (out / "table-5.md").read_text(encoding="utf-8")


def test_missing_maps_are_named_and_none_says_what_to_run(thirty, tmp_path, tiny_models):
    (thirty / "emd_8221.map.gz").unlink()
    answers, refused = reproduce.predict_published(published.published_maps(thirty)[:2])
    assert len(answers) == 1 and refused == ["Missing: emd_8221.map.gz."]
    with pytest.raises(FileNotFoundError, match="training fetch"):
        published.published_maps(tmp_path / "elsewhere")


def test_a_map_that_cannot_be_used_is_named(thirty, tiny_models):
    path = thirty / "emd_8221.map.gz"
    values = np.ones((16, 16, 16), dtype=np.float32)
    path.write_bytes(gzip.compress(mrc_bytes(values)))
    maps = published.published_maps(thirty)[:2]
    answers, refused = reproduce.predict_published(maps)
    assert len(answers) == len(refused) == 1 and "emd_8221" in refused[0]


def test_first_table_has_the_papers_answers(shared_data, tmp_path, tiny_models, monkeypatch):
    monkeypatch.setattr(reproduce, "SWEEP", np.array([2.0, 4.5, 5.0, 7.5, 8.5, 9.0, 10.5]))
    found = list(reproduce.sweep(shared_data, 1))
    monkeypatch.setattr(reproduce, "sweep", lambda data, per_step: iter(found))
    reproduce.table_1(shared_data, tmp_path)
    reproduce.table_1_curves(shared_data, tmp_path, 1)
    rows = cells(tmp_path / "table-1.csv")[1:]
    # Printed in the paper's table 1: the two outliers are 7.5 and 10.5 Å.
    dense = ["high", "medium", "medium", "low", "medium", "low", "medium"]
    conv = ["high", "high", "medium", "medium", "medium", "low", "low"]
    assert [row[1] for row in rows] == dense and [row[2] for row in rows] == conv
    assert len({row[-1] for row in rows}) == len(rows), "another molecule at every resolution"
    assert (tmp_path / "table-1-curves.png").stat().st_size > 5000


def test_figures_are_drawn_from_curves(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    header = "step,minutes,loss,accuracy,validation loss,validation accuracy"
    (run / "curve.csv").write_text(f"{header}\n1,0.1,1.1,0.3,1.0,0.4\n2,0.2,0.9,0.5,0.8,0.6\n")
    reproduce.training_figures(2, run, tmp_path)
    assert (tmp_path / "figure-2.png").stat().st_size > 5000
    assert cells(tmp_path / "figure-2.csv")[0][0] == "step"
    text = (tmp_path / "figure-2.md").read_text(encoding="utf-8")
    assert "--figure 2" in text and "| best | 2 |" in text and "2 checks" in text
    for stage in ("cubes", "dense"):
        (run / stage).mkdir()
        (run / stage / "curve.csv").write_bytes((run / "curve.csv").read_bytes())
    (run / "curve.csv").unlink()
    reproduce.training_figures(3, run, tmp_path)
    assert {p.name for p in tmp_path.glob("figure-3*.png")} == {
        "figure-3-cubes.png",
        "figure-3-dense.png",
    }
    with pytest.raises(FileNotFoundError, match="train the network first"):
        reproduce.training_figures(3, tmp_path / "elsewhere", tmp_path)


def test_a_table_is_the_same_in_both_forms(tmp_path, capsys):
    table = Table("t", "Title", "Made by hand.", ["a", "b"], [[1, "x"], [2, "y"]], ["Note."])
    table.write(tmp_path)
    assert cells(tmp_path / "t.csv") == [["a", "b"], ["1", "x"], ["2", "y"]]
    lines = (tmp_path / "t.md").read_text().splitlines()
    assert lines[0] == "# Title" and "| 2 | y |" in lines and lines[-1] == "Note."
    assert "| 1 | x |" in capsys.readouterr().out
