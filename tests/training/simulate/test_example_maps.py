"""Drawn examples are what the network will meet, and the same for the same seed."""

import numpy as np

from training.simulate.draw_recipe import draw_recipe
from training.simulate.examples import examples


def test_recipes_respect_nyquist(ball):
    recipes = [draw_recipe(ball, np.random.default_rng(k)) for k in range(200)]
    assert all(r.resolution > 2 * r.voxel_size for r in recipes)
    assert min(r.resolution for r in recipes) < 2 and max(r.resolution for r in recipes) > 11


def test_same_seed_same_example_whatever_the_count(packed):
    (first, second) = examples(packed, "train", 4, 2)
    (again,) = examples(packed, "train", 4, 1)
    assert np.array_equal(first.density.values, again.density.values)
    assert first.density.values.shape != second.density.values.shape or not np.allclose(
        first.density.values, second.density.values
    )
