"""What is no map of a molecule has the grid of one, and is made anew by every seed."""

from dataclasses import replace

import numpy as np
import pytest

from training.simulate.decoys import CELLS, DECOYS
from training.simulate.draw import draw_example


@pytest.fixture(scope="module")
def example(ball):
    return draw_example(ball, np.random.default_rng(1))


@pytest.mark.parametrize("name", DECOYS)
def test_decoys_are_on_the_maps_grid(example, name):
    first, again = (DECOYS[name](example, np.random.default_rng(2)) for _ in range(2))
    assert first.shape == example.density.values.shape
    assert np.isfinite(first).all() and first.std() > 0
    assert np.array_equal(first, again)


def test_random_phases_keep_the_amplitudes(example):
    made = DECOYS["the map's amplitudes, random phases"](example, np.random.default_rng(2))
    amplitudes = [np.abs(np.fft.fftn(values)) for values in (made, example.density.values)]
    assert np.allclose(*amplitudes, rtol=1e-3, atol=1e-4 * amplitudes[0].max())
    assert abs(np.corrcoef(made.ravel(), example.density.values.ravel())[0, 1]) < 0.5


def test_a_cell_is_the_molecules_box_with_the_molecule_at_its_corners(example):
    """All of its values are the map's; what was the middle of the box is its first voxel."""
    cell = CELLS["cell of a crystal"](example)
    places = np.argwhere(example.mask)
    low, high = places.min(axis=0), places.max(axis=0) + 1
    assert cell.shape == tuple(high - low)
    back = [(n + 1) // 2 for n in cell.shape]
    there = tuple(map(slice, low, high))
    assert np.array_equal(np.roll(cell, back, axis=(0, 1, 2)), example.density.values[there])


def test_a_molecule_too_small_to_be_a_cell_makes_none(example):
    speck = np.zeros_like(example.mask)
    speck[5:15, 5:40, 5:40] = True
    assert CELLS["cell of a crystal"](replace(example, mask=speck)) is None
