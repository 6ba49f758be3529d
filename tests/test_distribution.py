"""Laws of distributions over resolution."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapres import distribution

RESOLUTION = st.floats(1.6, 35.0)


@given(RESOLUTION)
def test_median_of_a_target_is_its_resolution(resolution):
    target = distribution.soft_targets(np.array([resolution]))[0]
    assert target.sum() == pytest.approx(1.0, rel=1e-4)
    assert distribution.quantile(target, 0.5) == pytest.approx(resolution, rel=0.03)


@given(RESOLUTION, st.floats(0.05, 0.95))
def test_quantile_and_probability_undo_each_other(resolution, level):
    target = distribution.soft_targets(np.array([resolution]), width=0.3)[0]
    limit = distribution.quantile(target, level)
    assert distribution.probability_below(target, limit) == pytest.approx(level, abs=0.01)


def test_probabilities_end_at_nothing_and_certainty():
    target = distribution.soft_targets(np.array([7.0]), width=0.3)[0]
    assert distribution.probability_below(target, 0.0) == 0
    assert distribution.probability_below(target, 1e3) == pytest.approx(1)


def test_quantiles_rise():
    target = distribution.soft_targets(np.array([7.0]), width=0.3)[0]
    levels = [distribution.quantile(target, level) for level in (0.05, 0.25, 0.5, 0.75, 0.95)]
    assert levels == sorted(levels)
