"""Coverage counts what it says, and the worst group decides."""

import numpy as np

from training.models.coverage import coverage, suffices


def test_the_worst_group_that_is_large_enough_is_named():
    inside = np.array([True] * 18 + [False] * 2 + [True] * 7 + [False] * 3 + [False] * 2)
    groups = np.array(["a"] * 20 + ["b"] * 10 + ["c"] * 2)
    found = coverage(inside, groups, smallest=10)
    assert found == {
        "coverage_90": round(25 / 32, 4),
        "worst_coverage_90": 0.7,
        "worst_group": "b",
    }


def test_a_good_average_does_not_excuse_a_bad_group():
    assert suffices({"coverage_90": 0.93, "worst_coverage_90": 0.86})
    assert not suffices({"coverage_90": 0.93, "worst_coverage_90": 0.8})
    assert not suffices({"coverage_90": 0.88, "worst_coverage_90": 0.86})
