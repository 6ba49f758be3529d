"""Drawn examples are what the network will meet, and the same for the same seed."""

import numpy as np

from training.simulate.draw import Ingredients
from training.simulate.draw_recipe import draw_recipe
from training.simulate.examples import examples, treated_again


def test_recipes_respect_nyquist(ball):
    recipes = [draw_recipe(ball, np.random.default_rng(k)) for k in range(200)]
    assert all(r.resolution > 2 * r.voxel_size for r in recipes)
    assert min(r.resolution for r in recipes) < 2 and max(r.resolution for r in recipes) > 11


def test_same_seed_same_example_whatever_the_count(packed):
    (first, second) = examples(packed, "train", 42, 2)
    (again,) = examples(packed, "train", 42, 1)
    assert np.array_equal(first.density.values, again.density.values)
    assert first.density.values.shape != second.density.values.shape or not np.allclose(
        first.density.values, second.density.values
    )


def test_a_reconstruction_becomes_several_maps_with_the_same_half_maps(packed):
    once, *others = found = list(treated_again(examples(packed, "train", 17, 1), 3, seed=3))
    assert len(found) == 4 and all(each.made is once.made for each in others)
    assert len({each.treatment for each in found}) > 1
    again = list(treated_again(examples(packed, "train", 17, 1), 3, seed=3))
    assert [each.treatment for each in again] == [each.treatment for each in found]


def test_a_calculated_map_stays_one(packed):
    source = examples(packed, "train", 3, 2, Ingredients(noise=False))
    assert len(list(treated_again(source, 3, seed=3))) == 2
