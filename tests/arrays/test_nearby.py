"""Voxels near a mask are those of a distance transform, whatever the slabs."""

import numpy as np
import pytest
from scipy import ndimage

from mapres.arrays import nearby
from mapres.arrays.nearby import bounding_box, near, near_planes


@pytest.fixture
def known(rng):
    return rng.random((23, 17, 30)) > 0.995


@pytest.mark.parametrize("radius", [0.5, 1.0, 1.5, 2.0, np.sqrt(5), 3.7, 20.0])
def test_near_is_where_the_distance_is_small(known, radius, monkeypatch):
    monkeypatch.setattr(nearby, "SLAB", 5)
    expected = ndimage.distance_transform_edt(~known) <= radius
    np.testing.assert_array_equal(near(known, radius), expected)


def test_values_carried_are_those_of_a_nearest_known_voxel(known, rng):
    values = rng.permutation(known.size).reshape(known.shape).astype(np.float32)
    found, nearest = near_planes(known, 3, range(6, 20), values)
    distance = ndimage.distance_transform_edt(~known)[6:20]
    assert found.any() and np.array_equal(found, distance <= 3)
    where = {value: place for place, value in zip(np.argwhere(known), values[known], strict=True)}
    for place in np.argwhere(found):
        source = where[nearest[tuple(place)]]
        off = place - source
        off[0] += 6
        assert np.linalg.norm(off) == pytest.approx(distance[tuple(place)])


def test_bounding_box_is_the_smallest(known):
    known[:, :3] = known[:, :, 25:] = known[20:] = False
    known[2, 3, 24] = known[19, 16, 4] = True
    box = bounding_box(known)
    assert known[box].sum() == known.sum()
    for axis in range(3):
        for end in (0, -1):
            assert known[box].take(end, axis).any()
