"""A half map that is mirrored or turned: all 48 orientations, and what is symmetric."""

from itertools import permutations, product

import numpy as np
import pytest
from scipy import ndimage

from mapres.halves.orientation import other_orientation

OPERATIONS = list(product(permutations(range(3)), product((1, -1), repeat=3)))


def molecule(shape, seed=0):
    """Lumps at random places, without symmetry."""
    rng = np.random.default_rng(seed)
    points = np.zeros(shape, dtype=np.float32)
    for place in rng.uniform(0.25, 0.75, (40, 3)) * shape:
        points[tuple(place.astype(int))] += rng.uniform(0.5, 2)
    return ndimage.gaussian_filter(points, 1.5)


def halves_of(values, seed=1):
    rng = np.random.default_rng(seed)
    noise = 0.7 * values.std() * rng.standard_normal((2, *values.shape), dtype=np.float32)
    return values + noise[0], values + noise[1]


def turned(values, operation):
    order, signs = operation
    return np.ascontiguousarray(values.transpose(order)[tuple(slice(None, None, s) for s in signs)])


@pytest.mark.parametrize("edge", [24, 37, 64])
def test_every_other_orientation_of_a_cube_is_found(edge):
    first, second = halves_of(molecule((edge,) * 3))
    assert other_orientation(first, second) is None
    for operation in OPERATIONS[1:]:
        found = other_orientation(first, turned(second, operation))
        order, signs = operation
        even = np.linalg.det(np.eye(3)[list(order)]) * np.prod(signs) > 0
        assert found and found.startswith("rotated" if even else "mirrored")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda v: v[::-1], "mirrored along z"),
        (lambda v: v[:, ::-1], "mirrored along y"),
        (lambda v: v[:, :, ::-1], "mirrored along x"),
        (lambda v: v[::-1, ::-1, ::-1], "mirrored through its center"),
        (lambda v: np.rot90(v, 1, (1, 2)), "rotated by 90° about z"),
        (lambda v: np.rot90(v, 3, (0, 2)), "rotated by 90° about y"),
        (lambda v: np.rot90(v, 2, (0, 1)), "rotated by 180° about x"),
        (lambda v: v.transpose(2, 1, 0), "mirrored, with its axes x and z exchanged"),
        (lambda v: v.transpose(1, 2, 0), "rotated, with its axes in the order"),
    ],
)
def test_it_is_said_which(change, says):
    first, second = halves_of(molecule((40, 40, 40)))
    assert other_orientation(first, np.ascontiguousarray(change(second))).startswith(says)


def test_of_other_boxes_only_what_fits_is_tried():
    first, second = halves_of(molecule((32, 40, 40)))
    assert other_orientation(first, second) is None
    assert other_orientation(first, second.transpose(0, 2, 1)).startswith("mirrored")
    assert other_orientation(first, np.roll(second, 5, axis=0)) is None


def test_symmetric_molecules_are_not_accused():
    part = molecule((40, 40, 40))
    values = part + part[::-1, ::-1] + part[:, ::-1, ::-1] + part[::-1, :, ::-1]
    first, second = halves_of(values)
    assert other_orientation(first, second) is None
    assert other_orientation(first, np.ascontiguousarray(second[::-1, ::-1])) is None
    assert other_orientation(first, np.ascontiguousarray(second[::-1])) is not None


@pytest.mark.parametrize("seed", range(5))
def test_noise_has_no_orientation(seed):
    first, second = np.random.default_rng(seed).standard_normal((2, 36, 36, 36), dtype=np.float32)
    assert other_orientation(first, second) is None


def test_a_large_shift_is_not_taken_for_another_orientation():
    first, second = halves_of(molecule((40, 40, 40)))
    assert other_orientation(first, np.roll(second, (7, -4, 9), axis=(0, 1, 2))) is None


@pytest.mark.parametrize("shape", [(16, 16, 600), (16, 560, 64)])
def test_thin_boxes_are_compared_too(shape):
    rng = np.random.default_rng(0)
    signal = rng.standard_normal(shape).astype(np.float32)
    first, second = (signal + 0.3 * rng.standard_normal(shape).astype(np.float32) for _ in "ab")
    assert other_orientation(first, second) is None
    assert other_orientation(first, second[::-1]) == "mirrored along z"
