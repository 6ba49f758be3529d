"""The percentile of a part is that of all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapres.arrays import percentile as module
from mapres.arrays.percentile import percentile, value_at

LEVELS = st.floats(0, 100)
SEEDS = st.integers(0, 99)


@pytest.fixture(autouse=True)
def small_sample(monkeypatch):
    """A thousand values are many already, so that both ways are taken."""
    monkeypatch.setattr(module, "SAMPLE", 100)
    monkeypatch.setattr(module, "PART", 999)


@given(LEVELS, SEEDS)
def test_it_is_that_of_numpy(level, seed):
    rng = np.random.default_rng(seed)
    values = rng.standard_normal((20, 30, 10), dtype=np.float32) ** 3
    assert percentile(values, level) == pytest.approx(np.percentile(values, level), rel=1e-5)


@given(LEVELS, SEEDS)
def test_equal_values_and_some_left_out(level, seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 4, (20, 30, 10)).astype(np.float32)
    kept = rng.random(values.shape) > 0.3
    expected = np.percentile(values[kept], level)
    assert percentile(values, level, kept) == pytest.approx(expected, rel=1e-5, abs=1e-6)


@given(st.integers(0, 5999), SEEDS)
def test_the_value_at_a_position_is_that_of_the_sorted_values(position, seed):
    values = np.random.default_rng(seed).standard_normal((20, 30, 10), dtype=np.float32)
    assert value_at(values, position) == np.sort(values.ravel())[position]
    kept = values > 0
    position %= np.count_nonzero(kept)
    assert value_at(values, position, kept) == np.sort(values[kept])[position]


def test_a_sample_that_shows_nothing_of_the_tail():
    """All that differs are three values: where the sample misses, all values are used."""
    values = np.zeros((50, 40, 30), dtype=np.float32)
    values[3, 4, 5:8] = 1, 2, 3
    for level in (0, 50, 99.99, 100):
        assert percentile(values, level) == np.percentile(values, level)
