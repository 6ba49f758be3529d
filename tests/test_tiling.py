"""Tiled equals whole, whatever the box, the tile and the mask."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from mapres.errors import Cancelled, MapContentError
from mapres.tiling import tiled

REACH = 3


def smooth(batch):
    """Average over 7³ voxels: a function that reaches 3 voxels far."""
    return np.stack([ndimage.uniform_filter(one, 2 * REACH + 1, mode="mirror") for one in batch])


@settings(deadline=None, max_examples=25)
@given(
    shape=st.tuples(*[st.integers(8, 33)] * 3),
    tile=st.integers(2 * REACH + 1, 20),
    batch=st.integers(1, 5),
)
def test_tiled_equals_whole(shape, tile, batch):
    values = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    answer = tiled(values, smooth, tile=tile, margin=REACH, batch=batch)
    assert np.allclose(answer, smooth(values[None])[0], atol=1e-5)


def test_too_small_a_margin_shows_seams(rng):
    """The law above can fail: with less than the reach, it does."""
    values = rng.standard_normal((24, 24, 24)).astype(np.float32)
    answer = tiled(values, smooth, tile=12, margin=1)
    assert not np.allclose(answer, smooth(values[None])[0], atol=1e-3)


def test_only_tiles_that_touch_the_mask_are_computed(rng):
    values = rng.standard_normal((32, 32, 32)).astype(np.float32)
    mask = np.zeros(values.shape, dtype=bool)
    mask[4:10, 4:10, 4:10] = True
    seen = []

    def counted(batch):
        seen.append(len(batch))
        return smooth(batch)

    answer = tiled(values, counted, tile=14, margin=REACH, mask=mask, fill=-1.0)
    assert sum(seen) == 8
    assert np.allclose(answer[mask], smooth(values[None])[0][mask], atol=1e-5)
    assert (answer[20:] == -1).all()


def test_cancelling_stops_the_work(rng):
    def cancel(fraction, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        tiled(rng.standard_normal((16, 16, 16)), smooth, tile=12, margin=3, progress=cancel)


def test_margins_without_a_core_are_refused(rng):
    with pytest.raises(MapContentError, match="leave nothing"):
        tiled(rng.standard_normal((16, 16, 16)), smooth, tile=6, margin=3)
