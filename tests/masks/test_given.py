"""Masks of any two values, soft or hard, are read alike; what is none, or does not fit, is said."""

from dataclasses import replace

import numpy as np
import pytest
from handmade import folded_chain
from scipy import ndimage

from mapres.density import Density
from mapres.errors import GridMismatchError, MapContentError
from mapres.mask import solvent_mask
from mapres.masks.given import given_mask

CHAIN = folded_chain((56, 56, 56))
INSIDE = solvent_mask(CHAIN)
SOFT = np.clip(ndimage.gaussian_filter(INSIDE.astype(np.float32), 2) * 1.2, 0, 1)


def mask(values, **fields):
    return replace(CHAIN, values=np.asarray(values, np.float32), name="m.mrc", **fields)


def refusal(values, density=CHAIN, **fields):
    with pytest.raises(MapContentError) as caught:
        given_mask(mask(values, **fields), density)
    text = str(caught.value)
    assert "m.mrc" in text and text.endswith(".") and "\n" not in text
    return text


RANGES = [(0, 1), (-128, 127), (0, 255), (0, 0.4), (0, 0.5), (1, 2), (-1, 0), (-3, -2), (0, 1e-9)]


@pytest.mark.parametrize(("low", "high"), RANGES)
@pytest.mark.parametrize("edge", [INSIDE, SOFT], ids=["hard", "soft"])
def test_any_two_levels_are_the_same_mask(low, high, edge):
    plain = given_mask(mask(edge), CHAIN)
    found = given_mask(mask(low + (high - low) * edge.astype(np.float64)), CHAIN)
    assert np.mean(found.inside != plain.inside) < 1e-4
    assert np.allclose(found.weights, plain.weights, atol=1e-5)
    assert (found.weights.min(), found.weights.max()) == (0, 1)
    assert found.warnings == plain.warnings == ()
    assert plain.notes == ()
    if (low, high) != (0, 1):
        (note,) = found.notes
        assert f"ranges from {low:.4g} to {high:.4g}" in note
        assert f"above {(low + high) / 2:.4g}" in note


@pytest.mark.parametrize("levels", [12, 256])
def test_a_soft_mask_of_few_steps_is_no_segmentation(levels):
    steps = np.rint(SOFT * (levels - 1))
    found = given_mask(mask(steps), CHAIN)
    assert np.mean(found.inside != (SOFT > 0.5)) < 0.03


def test_a_mask_that_was_interpolated_keeps_its_levels():
    there = ndimage.zoom(ndimage.zoom(SOFT, 0.5, order=3), 2, order=3)
    assert there.min() < 0 and there.max() > 1
    found = given_mask(mask(there), CHAIN)
    assert found.notes == () and (found.weights.min(), found.weights.max()) == (0, 1)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (np.zeros(INSIDE.shape), "is empty (0 everywhere)"),
        (np.ones(INSIDE.shape), "fills the box (1 everywhere)"),
        (np.full(INSIDE.shape, -128), "fills the box (-128 everywhere)"),
        (np.arange(INSIDE.size).reshape(INSIDE.shape) > 9, "fills the box (100.0%"),
        (np.where(INSIDE, np.nan, 0), "NaN or infinite"),
        (np.where(INSIDE, np.inf, 0), "NaN or infinite"),
        (CHAIN.values, "is the map itself"),
        (3 * CHAIN.values + 1, "is the map itself"),
        (folded_chain((56, 56, 56), seed=1).values, "like a density"),
        (-CHAIN.values, "like a density"),
        (np.random.default_rng(0).normal(size=INSIDE.shape), "like a density"),
        (np.random.default_rng(0).random(INSIDE.shape), "like a density"),
        (np.where(INSIDE, CHAIN.values, 0), "like a density"),
        (INSIDE * (1 + (np.indices(INSIDE.shape)[0] > 28)), "3 labels from 0 to 2"),
        (~INSIDE, "is inverted"),
        (1 - SOFT, "is inverted"),
        (np.where(INSIDE, -128, 127), "is inverted"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_what_is_no_mask_of_the_map_is_refused_in_one_sentence(values, says):
    assert says in refusal(values)


def test_complex_values_are_refused():
    with pytest.raises(MapContentError, match="complex"):
        given_mask(replace(CHAIN, values=INSIDE + 0j, name="m.mrc"), CHAIN)


LARGE = np.random.default_rng(5).permutation(CHAIN.values[:6].ravel())
LARGE = np.resize(LARGE, (96, 96, 96)).astype(np.float32)
LARGE[:56, :56, :56] = CHAIN.values
LARGE = CHAIN.with_values(LARGE)


def ball(center, radius):
    places = np.indices(LARGE.values.shape).T - np.array(center)[::-1]
    return (np.linalg.norm(places.T, axis=0) < radius).T


def test_a_mask_of_the_solvent_is_refused():
    text = refusal(ball((76, 76, 76), 15), LARGE)
    assert "covers solvent" in text


@pytest.mark.parametrize("shift", [(16, 0, 0), (0, -20, 12), (40, 40, 40)])
def test_a_moved_mask_is_told_how_to_move_it_back(shift):
    inside = np.roll(solvent_mask(LARGE), shift, axis=(2, 1, 0))
    try:
        (text,) = given_mask(mask(inside), LARGE).warnings
    except MapContentError as error:
        text = str(error)
    assert "moved by {}, {}, {} voxels".format(*(-s for s in shift)) in text


def test_a_tight_mask_is_warned_of():
    for fraction in (0.5, 2.5):
        inside = CHAIN.values > np.percentile(CHAIN.values, 100 - fraction)
        (text,) = given_mask(mask(inside), CHAIN).warnings
        assert "too tight" in text


@pytest.mark.parametrize("radius", [10, 26])
def test_masks_of_a_part_and_wide_masks_are_sound(radius):
    assert given_mask(mask(ball((28, 28, 28), radius)), LARGE).warnings == ()


@pytest.mark.parametrize("part", [np.s_[:20], np.s_[:, 30:]])
def test_masks_of_half_of_the_molecule_are_sound(part):
    inside = np.zeros_like(INSIDE)
    inside[part] = INSIDE[part]
    assert given_mask(mask(inside), CHAIN).warnings == ()


def test_a_map_of_inverted_contrast_has_the_mask_of_its_molecule():
    inverted = CHAIN.with_values(-CHAIN.values)
    assert given_mask(mask(INSIDE), inverted).warnings == ()
    assert "is inverted" in refusal(~INSIDE, inverted)


@pytest.mark.parametrize("size", [0.0, 1.0])
def test_a_header_without_a_voxel_size_is_taken_voxel_by_voxel(size):
    found = given_mask(mask(INSIDE, voxel_size=(size,) * 3, origin=(0.0, 50.0, 0.0)), CHAIN)
    assert np.array_equal(found.inside, INSIDE)
    (note,) = found.notes
    assert f"voxel size of {size:g} Å" in note and "voxel by voxel" in note


@pytest.mark.parametrize("fields", [{"voxel_size": (1.4,) * 3}, {"origin": (60.0, 0.0, 0.0)}])
def test_another_grid_is_refused(fields):
    with pytest.raises(GridMismatchError, match="same grid"):
        given_mask(mask(INSIDE, **fields), CHAIN)


def test_another_box_is_refused_whatever_the_voxel_size():
    with pytest.raises(GridMismatchError, match="voxels"):
        given_mask(mask(INSIDE[1:], voxel_size=(1.0,) * 3), CHAIN)


def test_noise_without_a_molecule_takes_any_mask():
    noise = np.random.default_rng(3).normal(size=INSIDE.shape).astype(np.float32)
    found = given_mask(mask(INSIDE), Density(noise, CHAIN.voxel_size))
    assert found.warnings == ()
