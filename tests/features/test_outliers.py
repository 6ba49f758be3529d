"""Samples of maps that show all of them, and what counts as an outlier."""

import numpy as np
import pytest

from mapres.density import Density
from mapres.features.outliers import (
    SAMPLE,
    above_solvent,
    outlier_limit,
    sample_of,
    sample_places,
    without_outliers,
)


def unevenness(places, edge):
    """Return how far the planes of a box, shape (z, y, x), are from being visited alike."""
    rows, x = np.divmod(places.astype(np.uint32), np.uint32(edge))
    z, y = np.divmod(rows, np.uint32(edge))
    counts = (np.bincount(along, minlength=edge) for along in (z, y, x))
    return max(float(np.abs(count / count.mean() - 1).max()) for count in counts)


def test_every_nth_voxel_of_some_boxes_is_of_a_few_planes():
    for edge in (222, 315):
        regular = np.arange(0, edge**3, edge**3 // SAMPLE | 1)
        assert unevenness(regular, edge) > 0.9


def test_a_sample_visits_every_plane_alike_in_boxes_of_any_size():
    for edge in range(200, 561):
        # 536 to 1,500 a plane: five standard deviations are 13 to 22% of that.
        assert unevenness(sample_places(edge**3), edge) < 0.25


def test_a_small_map_is_its_own_sample(rng):
    values = rng.standard_normal((20, 30, 40))
    assert np.array_equal(np.sort(sample_of(values)), np.sort(values.ravel()))


@pytest.mark.parametrize("edge", [40, 222])
def test_the_limit_is_that_of_the_molecule_however_large_the_box(rng, edge):
    values = np.zeros((edge,) * 3, dtype=np.float32)
    values[8:28, 8:28, 8:28] = rng.standard_normal((20, 20, 20))
    # Four times the 99.9th percentile of |x| of a Gaussian, 3.29.
    assert outlier_limit(values) == pytest.approx(4 * 3.29, rel=0.15)


def test_outliers_are_cut_down_and_the_solvent_is_at_zero(rng):
    values = 5 + rng.standard_normal((32, 32, 32)).astype(np.float32)
    values[3, 4, 5] = 1e4
    found = without_outliers(Density(values, (1.0,) * 3)).values
    assert found.max() < 20 and abs(np.median(found)) < 0.1
    assert values[3, 4, 5] == 1e4
    assert np.array_equal(found[5:], above_solvent(values)[5:])
