"""The worst regions of a map whose local resolution is known."""

import numpy as np

from mapres.local.resolution import LocalResolution
from mapres.results.regions import APART, worst_regions

VOXEL = 1.5


def result(bumps):
    """Make a ball at 4 Å with Gaussian bumps: (place, height in Å)."""
    grid = np.indices((64, 60, 72)).astype(np.float32)
    middle = np.array([32, 30, 36]).reshape(3, 1, 1, 1)
    mask = ((grid - middle) ** 2).sum(axis=0) < 27**2
    values = np.full(mask.shape, 4.0, dtype=np.float32)
    for place, height in bumps:
        off = (grid - np.reshape(place, (3, 1, 1, 1))) * VOXEL
        values += height * np.exp(-0.5 * (off**2).sum(axis=0) / 8**2)
    return LocalResolution(values, mask=mask, method="monores", seconds=0.0)


def test_finds_the_worst_first_where_they_are():
    bumps = [((32, 30, 50), 3.0), ((30, 14, 36), 5.0)]
    first, second, *_ = worst_regions(result(bumps), VOXEL)
    assert first.mean > second.mean > 5
    for region, (place, _) in zip((first, second), bumps[::-1], strict=True):
        assert np.linalg.norm(np.subtract(region.place, place)) * VOXEL < 5


def test_regions_lie_apart_inside_and_are_coarser_than_the_median(rng):
    found = result([((32, 30, 50), 3.0)])
    found.values[:] += rng.random(found.values.shape)
    regions = worst_regions(found, VOXEL, count=4)
    assert 2 <= len(regions) <= 4
    means = [region.mean for region in regions]
    assert means == sorted(means, reverse=True) and min(means) > found.median
    places = np.array([region.place for region in regions])
    distances = np.linalg.norm(places[:, None] - places, axis=2) * VOXEL
    assert distances[~np.eye(len(places), dtype=bool)].min() >= APART
    assert found.mask[tuple(np.rint(places).astype(int).T)].all()


def test_what_is_beside_the_molecule_does_not_count():
    found = result([])
    found.values[~found.mask] = 40.0
    assert worst_regions(found, VOXEL) == []
