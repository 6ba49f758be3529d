"""Scores of local resolution: every method beside the truth, every group of maps in the table."""

from dataclasses import replace

import numpy as np
import pytest

from training.evaluate.local import COLUMNS, METHODS, _rows, _scores, scores
from training.simulate.draw import Ingredients
from training.simulate.examples import make_example, pools


@pytest.fixture(scope="module")
def example(packed):
    # A box of 44³.
    return make_example(packed, pools(packed, "train"), 29, Ingredients(varied=1.0), 0)


@pytest.fixture(scope="module")
def found(example):
    return list(scores(example))


def test_every_method_is_scored(found, example):
    assert [row["method"] for row in found] == list(METHODS)
    truth = example.truth[example.known]
    assert found[0]["constant_A"] == pytest.approx(
        np.abs(truth - np.median(truth)).mean(), abs=1e-3
    )
    for row in found[:2]:
        assert 0 < row["error"] < 1 and 0 <= row["covered"] <= 1
    assert found[0]["error"] != found[1]["error"]


def test_the_table_has_a_row_for_every_group_and_method(found):
    other = [row | {"resolution_A": 12.0, "treatment": "masked"} for row in found]
    rows = list(_rows(found + other))
    assert all(len(row) == len(COLUMNS) for row in rows)
    assert [row[:4] for row in rows[:2]] == [["all", "all", 2, name] for name in list(METHODS)[:2]]
    groups = {(row[0], row[1]) for row in rows}
    assert ("by Å", "> 10 Å") in groups and ("by treatment", "masked") in groups


def test_a_map_that_a_method_refuses_is_counted_and_not_scored(found):
    refused = [row | {"error": "", "MAE_A": "", "r": "", "covered": ""} for row in found]
    (first, *_) = _rows(found + refused)
    assert first[2] == 1 and first[-1] == 1


def test_the_truth_itself_has_no_error(example):
    from mapres.local.method import Interval
    from mapres.local.resolution import LocalResolution

    perfect = LocalResolution(example.truth, mask=example.known, method="mapres", seconds=0.0)
    truth = example.truth[example.known].astype(float)
    measured = _scores(perfect, example.known, truth)
    assert measured["error"] == 0 and measured["MAE_A"] == 0 and measured["covered"] == ""
    box = (slice(None),) * 3
    wide = replace(perfect, interval_in_box=Interval(box, 0.9 * example.truth, 1.1 * example.truth))
    assert _scores(wide, example.known, truth)["covered"] == 1
    narrow = replace(
        perfect, interval_in_box=Interval(box, 1.1 * example.truth, 1.2 * example.truth)
    )
    assert _scores(narrow, example.known, truth)["covered"] == 0
