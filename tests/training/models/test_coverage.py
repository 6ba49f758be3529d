"""Coverage counts what it says, and the worst group decides."""

import numpy as np
import pytest

from mapres.errors import MapResError
from training.models.coverage import coverage, narrowest


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
    scores = {
        "narrow": {"coverage_90": 0.88, "worst_coverage_90": 0.86, "worst_group": "a"},
        "uneven": {"coverage_90": 0.93, "worst_coverage_90": 0.8, "worst_group": "b"},
        "wide": {"coverage_90": 0.93, "worst_coverage_90": 0.86, "worst_group": "b"},
    }
    assert narrowest(scores, scores.__getitem__) == ("wide", scores["wide"])
    with pytest.raises(MapResError, match="of b for 80%"):
        narrowest(["narrow", "uneven"], scores.__getitem__)
