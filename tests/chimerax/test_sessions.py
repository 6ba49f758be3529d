"""What a session keeps of results: they stay distinct from maps, and scripts find them."""

import dataclasses

import numpy as np
import pytest
from scenes import refusal


@pytest.fixture
def reopen(session, do, tmp_path):
    """Save a session, close everything and open it; return the volumes by number."""

    def reopened():
        path = tmp_path / "all.cxs"
        do(f'save "{path}"')
        do("close")
        do(f'open "{path}"')
        return {m.id[0]: m for m in session.models.list() if hasattr(m, "data")}

    return reopened


def assert_same(restored, result):
    """Assert that two results have the same fields."""
    for field in dataclasses.fields(result):
        value, expected = (getattr(each, field.name) for each in (restored, result))
        assert type(value) is type(expected)
        if dataclasses.is_dataclass(expected):
            assert_same(value, expected)
        else:
            np.testing.assert_equal(value, expected)


def test_volume_and_colors_are_restored(do, small_map, reopen):
    values = do("localres #1").full_matrix().copy()
    colors = small_map.surfaces[0].vertex_colors.copy()
    volumes = reopen()
    np.testing.assert_array_equal(volumes[2].full_matrix(), values)
    volumes[1].update_drawings()
    np.testing.assert_array_equal(volumes[1].surfaces[0].vertex_colors, colors)
    assert not volumes[2].display
    # They follow a new contour level, too.
    do("volume #1 level 0.6")
    volumes[1].update_drawings()
    surface = volumes[1].surfaces[0]
    assert len(surface.vertex_colors) == len(surface.vertices)


def test_every_result_stays_distinct_from_a_map(do, small_map, reopen):
    from chimerax.map_resolution.result_volumes import is_result

    result = do("localres #1 uncertainty true maxUncertainty 3 key false").local_resolution
    agreed = do("localres #1 method monores compare resmap key false").difference.agreement
    # The map; resolution, uncertainty and uncertain voxels masked; resolution and difference.
    for _ in range(2):
        volumes = reopen()
        assert [is_result(volumes[k]) for k in range(1, 7)] == [False] + 5 * [True]
        assert_same(volumes[2].local_resolution, result)
        assert volumes[3].local_resolution is volumes[4].local_resolution is None
        assert volumes[5].difference is volumes[6]
        assert_same(volumes[6].agreement, agreed)
    assert do("resvalidate #1-6").map == "small #1"
    assert "No map was specified" in refusal(do, "localres #2-6")


def test_a_result_saved_to_a_file_is_restored_from_it(do, small_map, reopen, tmp_path):
    result = do("localres #1 method monores").local_resolution
    do(f'save "{tmp_path}/local.mrc" models #2')
    assert_same(reopen()[2].local_resolution, result)


def test_a_closed_difference_is_not_kept(do, small_map, reopen):
    do("localres #1 method monores compare resmap key false; close #3")
    volumes = reopen()
    assert volumes[2].local_resolution is not None and volumes[2].difference is None


def test_a_result_with_fields_of_another_version_is_still_no_map(do, small_map, reopen):
    from chimerax.map_resolution.result_volumes import is_result

    volume = do("localres #1 method monores")
    vars(volume.local_resolution)["later"] = 1
    restored = reopen()[2]
    assert is_result(restored) and restored.local_resolution is None


def test_a_copy_is_an_ordinary_map(do, small_map):
    from chimerax.map_resolution.result_volumes import is_result

    volume = do("localres #1 method monores")
    for copy in (do("volume copy #2"), volume.copy()):
        assert not is_result(copy) and not hasattr(copy, "local_resolution")
