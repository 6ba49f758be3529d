"""Labeled cubes: nothing moves, nothing unknown becomes a class, no map in two sets."""

import numpy as np
import pytest

from mapres.density import Density
from mapres.errors import GridMismatchError, MapContentError, MapResError
from mapres.features import avramov2019 as cut
from training.avramov2019.unets.cubes import (
    UNLABELED,
    divided,
    labeled_cubes,
    labels_of,
    together,
)

SHAPE = (40, 33, 50)


def maps(rng, voxel_size=1.5):
    values = rng.standard_normal(SHAPE).astype(np.float32)
    label = rng.uniform(1, 12, SHAPE).astype(np.float32)
    mask = np.zeros(SHAPE, dtype=np.float32)
    mask[5:30, 6:28, 8:44] = 1
    return [Density(each, (voxel_size,) * 3, name=name)
            for each, name in ((values, "map"), (label, "label"), (mask, "mask"))]  # fmt: skip


def test_classes_are_half_open():
    edges = [0.5, 1.99, 2.0, 2.99, 3.0, 9.99, 10.0, 40.0, np.nan]
    assert labels_of(np.array(edges)).tolist() == [0, 0, 1, 1, 2, 8, 9, 9, UNLABELED]


@pytest.mark.parametrize(("length", "edge"), [(5, 16), (16, 16), (17, 32), (64, 64), (65, 128)])
def test_boxes_grow_to_powers_of_two(length, edge):
    assert cut.power_of_two(length) == edge


def test_blocks_put_together_are_the_array(rng):
    array = rng.standard_normal(SHAPE)
    parts = cut.blocks(cut.padded(array, 0))
    assert parts.shape[1:] == (16, 16, 16)
    assert np.array_equal(cut.whole(parts, SHAPE), array)


def test_blocks_are_those_of_the_next_power_of_two_that_hold_anything(rng):
    array = rng.standard_normal(SHAPE)
    missing = [64 - n for n in SHAPE]
    cube = np.pad(array, [(m // 2, m - m // 2) for m in missing])
    paper = [p for p in cut.blocks(cube) if p.any()]
    ours = [p for p in cut.blocks(cut.padded(array, 0)) if p.any()]
    assert np.array_equal(ours, paper)


def test_every_labeled_voxel_is_in_one_cube_with_its_value(rng):
    density, label, mask = maps(rng)
    cubes = labeled_cubes(density, label, mask, number=3)
    inside = mask.values > 0.5
    low, high = density.values.min(), density.values.max()
    known = cubes.classes != UNLABELED
    pairs = zip(cubes.values[known], cubes.classes[known], strict=True)
    expected = zip(
        ((density.values - low) / (high - low))[inside],
        labels_of(label.values[inside]),
        strict=True,
    )
    found, wanted = (sorted((round(float(v), 5), int(c)) for v, c in each)
                     for each in (pairs, expected))  # fmt: skip
    assert found == wanted
    assert not cubes.values[~known].any() and (cubes.maps == 3).all()
    # Of 64 blocks of the padded box these have a voxel of the mask in them.
    assert len(cubes) < 64 and cubes.values.any(axis=(1, 2, 3)).all()


@pytest.mark.parametrize("unknown", [0.0, 100.0, 200.0, np.nan])
def test_what_is_not_known_is_no_class(rng, unknown):
    density, label, mask = maps(rng)
    values = label.values.copy()
    values[:, :, :20] = unknown
    cubes = labeled_cubes(density, label.with_values(values), mask)
    assert np.sum(cubes.known) == 25 * 22 * 24
    # The paper's own reading makes a class of all: of 100 Å the last one, else the first.
    own, its = (np.bincount(each[each < 10], minlength=10) for each in
                (cubes.classes, cubes.paper_classes))  # fmt: skip
    missing = 25 * 22 * 12
    assert its[9] - own[9] == (missing if unknown >= 100 else 0)
    assert its[0] - own[0] >= (0 if unknown >= 100 else missing)
    assert np.array_equal(its[1:9], own[1:9])


def test_labels_on_another_grid_in_the_same_place(rng):
    density, _, mask = maps(rng)
    density = Density(density.values, (1.5,) * 3, (10.0, 20.0, 30.0), "map")
    z = 3 + 0.1 * np.arange(60) * 1.0
    label = Density(
        np.broadcast_to(z[:, None, None], (60, 60, 80)).astype(np.float32).copy(),
        (1.0,) * 3,
        (10.0, 20.0, 30.0),
        "label",
    )
    cubes = labeled_cubes(density, label, mask)
    # Voxel k of 1.5 Å lies at 1.5 k of the label's: 3 + 0.15 k Å.
    expected = labels_of(3 + 0.15 * np.arange(5, 30))
    counts = np.bincount(cubes.classes[cubes.classes != UNLABELED], minlength=10)
    assert np.array_equal(counts, np.bincount(expected, minlength=10) * 22 * 36)


def test_refusals(rng):
    density, label, mask = maps(rng)
    with pytest.raises(MapContentError, match="label holds no resolutions"):
        labeled_cubes(density, label.with_values(0 * label.values), mask)
    with pytest.raises(GridMismatchError):
        labeled_cubes(density, label, mask.with_values(mask.values[1:]))


def test_division_by_cube_and_by_map(rng):
    cubes = together([labeled_cubes(*maps(rng), number=n) for n in range(10)])
    for by_map in (False, True):
        parts = divided(cubes, by_map=by_map)
        assert sum(map(len, parts.values())) == len(cubes)
        fractions = [len(part) / len(cubes) for part in parts.values()]
        assert fractions == pytest.approx([0.72, 0.08, 0.20], abs=0.03)
    seen = [set(part.maps) for part in parts.values()]
    assert not (seen[0] & seen[1] or seen[0] & seen[2] or seen[1] & seen[2])
    with pytest.raises(MapResError, match="2 maps cannot be divided in 3"):
        divided(cubes[cubes.maps < 2], by_map=True)
