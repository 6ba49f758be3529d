"""The distance of a map from training maps: zero in the space that they span, and checked."""

import numpy as np
import pytest

from mapres.features.profile import CURVES
from mapres.networks.domain import POINTS, Domain, domain_of

RNG = np.random.default_rng(0)
AXES = np.linalg.qr(RNG.standard_normal((POINTS, 3)))[0].T.astype(np.float32)
MEAN = RNG.standard_normal(POINTS).astype(np.float32)
DOMAIN = Domain(MEAN, AXES, 0.5)
ENTRY = {"mean": MEAN.tolist(), "axes": AXES.tolist(), "limit": 0.5}


def test_what_the_axes_span_is_near_and_the_rest_counts():
    inside = MEAN + RNG.standard_normal(3) @ AXES
    assert DOMAIN.distance(inside.reshape(CURVES, -1)) == pytest.approx(0, abs=1e-5)
    across = RNG.standard_normal(POINTS)
    across -= (AXES @ across) @ AXES
    expected = np.sqrt(np.mean(across**2)) / 0.5
    assert DOMAIN.distance(inside + across) == pytest.approx(expected, rel=1e-4)
    assert DOMAIN.distance(inside + 2 * across) == pytest.approx(2 * expected, rel=1e-4)


def test_a_card_gives_it_back():
    again = domain_of(ENTRY)
    assert np.allclose(again.mean, MEAN) and np.allclose(again.axes, AXES) and again.limit == 0.5


@pytest.mark.parametrize(
    "wrong",
    [
        {"limit": 0},
        {"limit": float("nan")},
        {"limit": "1"},
        {"mean": [0.0]},
        {"mean": ["x"] * POINTS},
        {"mean": [1e999] * POINTS},
        {"axes": [[0.0]]},
        {"axes": []},
        {"more": 1},
    ],
    ids=str,
)
def test_other_entries_are_refused(wrong):
    with pytest.raises(ValueError, match="domain"):
        domain_of(ENTRY | wrong)
