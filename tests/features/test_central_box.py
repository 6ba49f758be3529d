"""What the paper's classifiers see: the middle 64³ of a map, scaled by the whole map's extremes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from mapres.features.avramov2019 import BOX, central_box, min_max

# Anything from half the box to twice its edge, not cubic.
SHAPES = [(64, 64, 64), (65, 80, 100), (40, 64, 90), (16, 24, 31)]


@pytest.mark.parametrize("shape", SHAPES)
def test_any_map_becomes_one_box(rng, shape):
    box = central_box(rng.standard_normal(shape).astype(np.float32))
    assert box.shape == (BOX, BOX, BOX) and box.dtype == np.float32
    assert box.min() >= 0 and box.max() <= 1


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("edge", [64, 65, 66, 99, 100])
def test_crop_is_central(edge, axis):
    """As much is cut off before as after, or one voxel more after."""
    ramp = np.moveaxis(np.broadcast_to(np.arange(edge), (BOX, BOX, edge)), 2, axis)
    seen = np.unique(np.rint(central_box(ramp) * (edge - 1))).astype(int)
    before, after = seen[0], edge - 1 - seen[-1]
    assert len(seen) == BOX and after - before in (0, 1)


@pytest.mark.parametrize("shape", [(40, 64, 90), (16, 24, 31)])
def test_a_short_axis_gets_zeros_at_its_end(rng, shape):
    values = rng.uniform(1, 2, shape).astype(np.float32)
    box = central_box(values)
    kept = tuple(slice(0, min(n, BOX)) for n in shape)
    # The map's minimum alone is 0 inside.
    assert np.count_nonzero(box[kept] == 0) <= 1
    outside = np.ones(box.shape, dtype=bool)
    outside[kept] = False
    assert outside.any() and not box[outside].any()


def test_extremes_of_the_whole_map_set_the_scale(rng):
    """Also those that the crop leaves out."""
    values = rng.uniform(0, 1, (80, 80, 80)).astype(np.float32)
    values[0, 0, 0], values[-1, -1, -1] = -1, 3
    expected = (values[8:72, 8:72, 8:72] + 1) / 4
    assert np.allclose(central_box(values), expected, atol=1e-6)


@given(st.floats(1e-3, 1e3), st.floats(-10, 10))
def test_scale_and_offset_do_not_matter(scale, offset):
    values = np.random.default_rng(0).standard_normal((4, 5, 6))
    assert np.allclose(min_max(scale * values + offset), min_max(values), atol=1e-5)


@given(arrays.arrays(np.float32, (2, 3, 4), elements=st.integers(-1000, 1000)))
def test_scaled_values_end_at_0_and_1(values):
    scaled = min_max(values)
    if values.min() == values.max():
        assert not scaled.any()
    else:
        assert (scaled.min(), scaled.max()) == (0, pytest.approx(1))
