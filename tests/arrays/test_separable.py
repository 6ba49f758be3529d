"""Matrices along the axes do what SciPy's filters do, and averages and interpolation keep laws."""

import numpy as np
import pytest
from scipy import ndimage

from mapres import threads
from mapres.arrays import separable
from mapres.arrays.separable import (
    along_axes,
    gaussian_matrix,
    linear_matrix,
    mean_matrix,
    planes_along_axes,
)

SHAPE = (21, 40, 33)


@pytest.fixture
def values(rng):
    return rng.standard_normal(SHAPE, dtype=np.float32)


def along(values, matrices):
    """Multiply every axis by its whole matrix, one after the other."""
    for axis, matrix in enumerate(matrices):
        values = np.moveaxis(np.tensordot(matrix, values, axes=(1, axis)), 0, axis)
    return values


@pytest.mark.parametrize("mode", ["constant", "nearest", "wrap"])
@pytest.mark.parametrize("sigma", [0.4, 2.0, 9.0])
def test_gaussian_is_that_of_scipy(values, sigma, mode):
    matrices = tuple(gaussian_matrix(n, sigma, mode=mode, truncate=2.5) for n in SHAPE)
    (found,) = along_axes([values], matrices)
    expected = ndimage.gaussian_filter(values, sigma, mode=mode, truncate=2.5)
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_a_periodic_filter_reaches_both_ends(values):
    """Of the first and last rows of its matrix only the columns at the ends are multiplied."""
    mode = {"mode": "wrap", "truncate": 3}
    matrices = tuple(gaussian_matrix(n, 1.5, **mode) for n in SHAPE)
    (found,) = along_axes([values], matrices)
    expected = ndimage.gaussian_filter(values, 1.5, **mode)
    np.testing.assert_allclose(found, expected, atol=2e-6)


def test_rows_that_are_not_needed_are_left_out(values):
    rows = (slice(3, 20), slice(0, 40), slice(30, 33))
    matrices = tuple(
        gaussian_matrix(n, 1.5, mode="constant", truncate=3, rows=kept)
        for n, kept in zip(SHAPE, rows, strict=True)
    )
    (found,) = along_axes([values], matrices)
    expected = ndimage.gaussian_filter(values, 1.5, mode="constant", truncate=3)
    np.testing.assert_allclose(found, expected[rows], atol=2e-6)
    assert np.array_equal(found, planes_along_axes(values, matrices, range(17)))
    planes = planes_along_axes(values, matrices, range(4, 9))
    # BLAS may add up in another order.
    np.testing.assert_allclose(found[4:9], planes, rtol=0, atol=1e-6)


def test_any_matrices_and_types_in_blocks_of_any_size(values, rng, monkeypatch):
    matrices = tuple(rng.standard_normal((n + k, n), dtype=np.float32) for k, n in enumerate(SHAPE))
    matrices[1][:, 7:] = 0
    matrices[2][5:10] = 0
    monkeypatch.setattr(separable, "ROWS", 5)
    for given in (values, values > 0, values[::-1, ::-1].copy()[::-1, ::-1]):
        found, again = along_axes([given, 2 * given.astype(np.float32)], matrices)
        np.testing.assert_allclose(found, along(given.astype(float), matrices), atol=1e-3)
        np.testing.assert_allclose(again, 2 * found, atol=1e-3)


def test_one_thread_finds_the_same(values, monkeypatch):
    matrices = tuple(gaussian_matrix(n, 2.0, mode="nearest", truncate=3) for n in SHAPE)
    monkeypatch.setattr(threads, "LEAST", 1)
    several = along_axes([values, values], matrices)
    monkeypatch.setattr(threads, "_chosen", 1)
    np.testing.assert_array_equal(along_axes([values, values], matrices), several)


@pytest.mark.parametrize(("length", "count"), [(12, 4), (12, 12), (10, 7), (7, 10)])
def test_means_of_equal_parts(length, count, rng):
    matrix = mean_matrix(length, count)
    np.testing.assert_allclose(matrix.sum(axis=1), 1)
    # Every voxel counts as much as any other.
    np.testing.assert_allclose(matrix.sum(axis=0), count / length)
    values = rng.standard_normal(length)
    finest = np.repeat(values, count).reshape(count, length).mean(axis=1)
    np.testing.assert_allclose(matrix @ values, finest)


@pytest.mark.parametrize(("count", "length"), [(6, 17), (5, 5), (9, 4)])
def test_linear_interpolation_is_exact_for_lines_between_the_centers(count, length):
    centers = (np.arange(count) + 0.5) * length / count - 0.5
    found = linear_matrix(count, length) @ (3 * centers + 1)
    voxels = np.clip(np.arange(length), centers[0], centers[-1])
    np.testing.assert_allclose(found, 3 * voxels + 1, rtol=1e-5)
    np.testing.assert_array_equal(
        linear_matrix(count, length, slice(1, 3)), linear_matrix(count, length)[1:3]
    )
