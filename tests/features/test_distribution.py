"""Laws of distributions over resolution."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mapres.features import distribution
from training.global_model.soft_targets import soft_targets

RESOLUTION = st.floats(1.6, 35.0)


@given(RESOLUTION)
def test_median_of_a_target_is_its_resolution(resolution):
    target = soft_targets(np.array([resolution]))[0]
    assert target.sum() == pytest.approx(1.0, rel=1e-4)
    # Three widths from a class limit nothing is cut off.
    assume(min(abs(np.log(resolution / limit)) for limit in distribution.CLASS_LIMITS) > 0.15)
    assert distribution.quantile(target, 0.5) == pytest.approx(resolution, rel=0.03)


@given(st.floats(-0.15, 0.15), st.sampled_from(distribution.CLASS_LIMITS))
def test_median_near_a_class_limit_is_as_near(offset, limit):
    """Half a Gaussian of 5% has its median 3.4% from the limit, and bins are 5% wide."""
    resolution = limit * np.exp(offset)
    target = soft_targets(np.array([resolution]))[0]
    assert distribution.quantile(target, 0.5) == pytest.approx(resolution, rel=0.05)


@pytest.mark.parametrize("limit", distribution.CLASS_LIMITS)
def test_targets_are_cut_at_class_limits(limit):
    """The limit itself belongs to the coarser class."""
    finer, coarser = soft_targets(np.array([limit - 0.01, limit]))
    below = limit > distribution.CENTERS
    assert not finer[~below].any() and not coarser[below].any()
    assert distribution.probability_below(finer, limit) == pytest.approx(1)
    assert distribution.probability_below(coarser, limit) == 0


@given(RESOLUTION, st.floats(0.02, 0.3))
def test_a_target_lies_in_the_class_of_its_resolution(resolution, width):
    target = soft_targets(np.array([resolution]), width=width)[0]
    (seen,) = set(distribution.class_of(distribution.CENTERS[target > 0]))
    assert seen == distribution.class_of(resolution)


@pytest.mark.parametrize(
    ("resolution", "name"),
    [(1.0, "high"), (4.99, "high"), (5.0, "medium"), (9.99, "medium"), (10.0, "low"), (60, "low")],
)
def test_class_limits(resolution, name):
    assert distribution.CLASSES[distribution.class_of(resolution)] == name


@given(RESOLUTION, st.floats(0.05, 0.95))
def test_quantile_and_probability_undo_each_other(resolution, level):
    target = soft_targets(np.array([resolution]), width=0.3)[0]
    limit = distribution.quantile(target, level)
    assert distribution.probability_below(target, limit) == pytest.approx(level, abs=0.01)


def test_probabilities_end_at_nothing_and_certainty():
    target = soft_targets(np.array([7.0]), width=0.3)[0]
    assert distribution.probability_below(target, 0.0) == 0
    assert distribution.probability_below(target, 1e3) == pytest.approx(1)


def test_quantiles_rise():
    target = soft_targets(np.array([7.0]), width=0.3)[0]
    levels = [distribution.quantile(target, level) for level in (0.05, 0.25, 0.5, 0.75, 0.95)]
    assert levels == sorted(levels)
