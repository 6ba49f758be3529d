"""Values beyond a mask are the nearest ones at its edge, and plausible farther away."""

import numpy as np
import pytest
from scipy import ndimage

from mapres.arrays.interpolate import NEAR, block_means, extend, nearest_known


@pytest.fixture
def known():
    grid = np.indices((37, 41, 45)) - np.array([15, 22, 20])[:, None, None, None]
    return (grid**2).sum(axis=0) < 100


@pytest.fixture
def values(known, rng):
    smooth = ndimage.gaussian_filter(rng.standard_normal(known.shape), 4)
    return np.where(known, 5 + 10 * smooth, 0).astype(np.float32)


def test_known_values_stay_and_near_ones_are_nearest(values, known):
    filled = values.copy()
    extend(filled, known)
    np.testing.assert_array_equal(filled[known], values[known])
    distance = ndimage.distance_transform_edt(~known)
    expected = nearest_known(values, known)
    rim = (distance <= NEAR) & ~known
    # Equally near voxels may be any.
    assert np.mean(filled[rim] == expected[rim]) > 0.7
    np.testing.assert_allclose(filled[rim], expected[rim], atol=1.5)
    np.testing.assert_allclose(filled, expected, atol=2.5)


def test_one_value_is_that_value_everywhere(known):
    filled = np.where(known, np.float32(4.5), np.float32(0))
    extend(filled, known)
    np.testing.assert_allclose(filled, 4.5, rtol=1e-6)


def test_the_nearest_known_value_of_a_sphere_lies_toward_its_middle(values, known):
    filled = nearest_known(values, known)
    places = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    box = np.s_[6:25, 13:32, 11:30]
    np.testing.assert_array_equal(filled[box], values[tuple(places)][box])


@pytest.mark.parametrize("kind", [np.float32, bool])
def test_block_means_are_those_of_the_blocks(kind, rng):
    values = (rng.random((13, 12, 10)) - 0.5).astype(kind)
    found = block_means(values, (2, 3, 4))
    expected = values[:12, :, :8].astype(float).reshape(6, 2, 4, 3, 2, 4).mean(axis=(1, 3, 5))
    np.testing.assert_allclose(found, expected, atol=1e-6)
