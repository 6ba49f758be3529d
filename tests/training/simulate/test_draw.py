"""What simulated maps are made with, and what leaving one thing out changes."""

import numpy as np
import pytest

from training.simulate.draw import Ingredients, draw_example, draw_noise_free

# Of the first 80 those with the smallest boxes, 24³ to 36³.
SEEDS = (1, 4, 6, 13, 19, 24, 26, 32, 33, 37, 54, 77)


def drawn(ball, seeds=SEEDS, **ingredients):
    """Return a few maps of the ball, drawn the same but for the ingredients."""
    return [
        draw_example(ball, np.random.default_rng(seed), Ingredients(**ingredients))
        for seed in seeds
    ]


@pytest.fixture(scope="module")
def whole(ball):
    return drawn(ball)


def test_maps_are_drawn_with_everything(whole):
    assert any(e.treatment.mask_distance is not None for e in whole)
    assert any(e.treatment.sharpening for e in whole)
    assert all(e.made.recipe.b_scale > 0 for e in whole)


def test_what_is_left_out_is_gone_and_the_rest_is_the_same(ball, whole):
    unmasked = drawn(ball, masks=False, sharpening=False)
    assert all(e.treatment.mask_distance is None and not e.treatment.sphere for e in unmasked)
    assert not any(e.treatment.sharpening or e.treatment.guinier for e in unmasked)
    assert [e.made.recipe for e in unmasked] == [e.made.recipe for e in whole]


def test_without_weights_no_fsc_is_needed(ball, whole):
    assert any(e.treatment.weights for e in whole)
    assert not any(e.treatment.weights or e.treatment.guinier for e in drawn(ball, weights=False))


def test_all_can_be_as_post_processing_leaves_them_in_its_mask(ball, whole):
    masked = drawn(ball, post_masked=True)
    assert [e.made.recipe for e in masked] == [e.made.recipe for e in whole]
    for example in masked:
        treatment, recipe = example.treatment, example.made.recipe
        assert treatment.weights and treatment.guinier and not treatment.limit
        assert treatment.mask_distance == recipe.mask_distance


def test_in_a_tight_envelope_the_same_signal_is_resolved_finer(ball, whole):
    """Less noise is in it; and noise is scaled to the FSC, so maps have more of it."""
    for a, b in zip(drawn(ball, laboratory_masks=False), whole, strict=True):
        noise = [np.std(e.made.half1 - e.made.half2) for e in (a, b)]
        assert a.made.recipe.resolution == b.made.recipe.resolution and noise[0] > noise[1]


def test_one_grid(ball):
    # On a grid of 1 Å other boxes are small.
    for example in drawn(ball, range(12), voxel_sizes=False):
        assert example.density.spacing == pytest.approx(
            min(1.0, example.made.recipe.resolution / 2.02)
        )


def test_without_b_factors_maps_are_still_finite(ball):
    for example in drawn(ball, b_factors=False, varied=1.0):
        assert example.made.recipe.spread == 0 and np.isfinite(example.density.values).all()


def test_without_noise_maps_are_calculated(ball):
    assert all(e.made is None for e in drawn(ball, noise=False))
    assert all(e.made is None for e in drawn(ball, noise_free=1.0))


def test_calculated_maps_are_mostly_of_round_resolutions(ball):
    made = [draw_noise_free(ball, np.random.default_rng(seed)) for seed in range(20)]
    round_ones = [e for e in made if (2 * e.resolution) % 1 == 0]
    assert len(round_ones) >= 12
    assert all((e.truth == np.float32(e.resolution)).all() for e in made)
    assert all(e.mask.any() and np.isfinite(e.density.values).all() for e in made)
