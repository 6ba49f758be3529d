"""Maps on a finer grid than their own."""

from dataclasses import replace

import numpy as np
import pytest

import mapres
from mapres.fourier import filtered, resize
from mapres.validation.oversampling import on_own_grid


def everywhere(density):
    return np.ones(density.values.shape, dtype=bool)


def finer(density, edge):
    size = density.spacing * len(density.values) / edge
    return replace(density, values=resize(density.values, (edge,) * 3), voxel_size=(size,) * 3)


@pytest.mark.parametrize("edge", [72, 81, 100, 128])
def test_a_padded_map_is_put_back(density, edge):
    coarse, mask = on_own_grid(finer(density, edge), np.ones((edge,) * 3, dtype=bool))
    assert coarse.values.shape == mask.shape == density.values.shape
    assert coarse.voxel_size == pytest.approx(density.voxel_size)
    # Without the Nyquist planes, which padding leaves out.
    expected = resize(resize(density.values, (81,) * 3), density.values.shape)
    np.testing.assert_allclose(coarse.values, expected, atol=1e-4)


def test_what_fills_its_grid_or_was_filtered_stays(density):
    assert on_own_grid(density, everywhere(density)) is None
    low = filtered(density.values, density.voxel_size, lambda s2: (s2 < 1 / 25).astype(np.float32))
    assert on_own_grid(density.with_values(low), everywhere(density)) is None
    assert on_own_grid(finer(density.with_values(low), 100), np.ones((100,) * 3, bool)) is None


@pytest.mark.parametrize("edge", [80, 128])
def test_the_resolution_does_not_depend_on_the_grid(density, edge):
    native, padded = mapres.validate(density), mapres.validate(finer(density, edge))
    assert padded.resolution == pytest.approx(native.resolution, rel=0.03)
