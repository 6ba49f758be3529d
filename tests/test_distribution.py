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


@given(RESOLUTION, st.floats(1.0, 40.0))
def test_nothing_is_left_finer_than_the_limit(resolution, limit):
    target = distribution.soft_targets(np.array([resolution]), width=0.3)[0]
    cut = distribution.truncated(target, limit)
    assert cut.sum() == pytest.approx(target.sum(), rel=1e-5)
    assert cut[distribution.EDGES[1:] < min(limit, 36.0)].sum() == 0


@given(RESOLUTION, st.floats(1.5, 36.0))
def test_probabilities_on_both_sides_sum_to_one(resolution, limit):
    target = distribution.soft_targets(np.array([resolution]), width=0.2)[0]
    edges = distribution.EDGES
    below = distribution.probability_between(target, edges[0], limit)
    above = distribution.probability_between(target, limit, edges[-1])
    assert below + above == pytest.approx(1.0, abs=1e-6)


def test_quantiles_rise():
    target = distribution.soft_targets(np.array([7.0]), width=0.3)[0]
    levels = [distribution.quantile(target, level) for level in (0.05, 0.25, 0.5, 0.75, 0.95)]
    assert levels == sorted(levels)
