"""The command `localres`, typed as a user types it."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from scenes import blobs, open_array, refusal


@pytest.fixture
def measured(do, small_map):
    return do("localres #1 method monores")


def test_real_map_is_measured_colored_and_logged(do, channel, log):
    before = channel.full_matrix().copy()
    volume = do("localres #1")
    result = volume.local_resolution
    colors = channel.surfaces[0].vertex_colors
    assert len(np.unique(colors, axis=0)) > 10
    # A voxel of 3 Å holds nothing finer than 6 Å.
    assert 6.0 <= result.median < 20.0
    assert f"{result.median:.2f}"[:-1] in log.getvalue()
    assert "MapRes" in log.getvalue() and "90% interval" in log.getvalue()
    np.testing.assert_array_equal(channel.full_matrix(), before)


def test_volume_lies_on_the_grid_of_the_map(small_map, measured):
    ours, theirs = measured.data, small_map.data
    for name in ("size", "origin", "step", "cell_angles", "rotation"):
        assert getattr(ours, name) == getattr(theirs, name)
    assert measured.name == "small local resolution by MonoRes"
    assert measured.full_matrix().dtype == np.float32
    assert np.isfinite(measured.full_matrix()).all()
    assert not measured.display


def test_moved_map_keeps_its_place(do, small_map):
    from chimerax.geometry import Place

    do("turn y 40 models #1")
    do("move x 12 models #1")
    volume = do("localres #1 method monores")
    np.testing.assert_allclose(volume.scene_position.matrix, small_map.scene_position.matrix)
    # Both have the same value at the same place in the scene.
    index = np.array(small_map.data.size) // 2
    place = small_map.scene_position * small_map.data.ijk_to_xyz(index)
    # Of places in the scene, not in the volume.
    value = volume.interpolated_values(np.array([place], np.float32), Place())[0]
    assert value == pytest.approx(volume.full_matrix()[tuple(index[::-1])], abs=1e-3)


def test_map_in_a_moved_group_keeps_its_place(session, do):
    from chimerax.core.models import Model
    from chimerax.geometry import translation

    group = Model("group", session)
    session.models.add([group])
    small = open_array(session, blobs())
    session.models.add([small], parent=group)
    group.position = translation((5, 6, 7))
    volume = do(f"localres #{small.id_string} method monores")
    np.testing.assert_allclose(volume.scene_position.matrix, small.scene_position.matrix)


def test_shown_region_and_step_do_not_matter(do, small_map, measured):
    do("volume #1 region 8,8,8,30,30,30 step 2")
    again = do("localres #1 method monores")
    assert again.data.size == small_map.data.size
    np.testing.assert_array_equal(again.full_matrix(), measured.full_matrix())


def test_integer_map_is_measured_as_the_same_numbers(session, do):
    values = np.rint(blobs() * 1000)
    open_array(session, values.astype(np.int16))
    open_array(session, values.astype(np.float32))
    first, second = do("localres #1,2 method monores")
    np.testing.assert_array_equal(first.full_matrix(), second.full_matrix())


def test_key_shows_the_range(session, do, small_map):
    from chimerax.color_key.model import get_model

    do("localres #1 method monores range 4,12")
    labels = [float(label) for _, label in get_model(session, create=False).rgbas_and_labels]
    assert labels == [4, 6, 8, 10, 12]
    # The old key would no longer be that of the surface.
    do("localres #1 method monores compare resmap key false")
    assert get_model(session, create=False) is None


def test_palette_and_range_are_the_users(do, small_map):
    do("localres #1 method monores palette red:blue range 0.1,0.2 key false")
    # Everything is coarser than 0.2 Å.
    assert (small_map.surfaces[0].vertex_colors == [0, 0, 255, 255]).all()
    do("localres #1 method monores palette 0,red:100,lime key false")
    red, green, blue, _ = small_map.surfaces[0].vertex_colors.mean(axis=0)
    assert red > green > blue == 0


def test_the_figure_has_the_colors_of_the_surface():
    from chimerax.map_resolution.colormap import RESOLUTIONS, palette_called

    from mapres.results.drawing import palette

    theirs = palette_called(RESOLUTIONS).linear_range(0, 1)
    places = np.linspace(0, 1, 41)
    np.testing.assert_allclose(theirs.interpolated_rgba(places), palette()(places), atol=0.02)


def test_results_are_no_maps(session, do, small_map):
    do("localres #1 uncertainty true key false")
    validation = do("resvalidate #1-3")
    assert validation.map == "small #1"
    assert "No map was specified" in refusal(do, "localres #2")


def test_an_image_hides_the_colors_and_that_is_said(do, small_map, log):
    small_map.set_display_style("image")
    do("localres #1 method monores key false")
    assert "is not shown as a surface" in log.getvalue()


def test_uncertain_voxels_are_gray(session, do, small_map, log):
    low, high = do("localres #1 key false").local_resolution.interval
    limit = round(float(np.median((high - low)[high > 0])), 2)
    volume = do(f"localres #1 maxUncertainty {limit} key false")
    result, surface = volume.local_resolution, small_map.surfaces[0]
    wide = (high - low > limit)[result.mask]
    assert f"{wide.mean():.0%} of the voxels have a 90% interval wider" in log.getvalue()
    assert 0.02 < wide.mean() < 0.98
    gray = np.ptp(surface.vertex_colors[:, :3].astype(int), axis=1) == 0
    assert 0.02 < gray.mean() < 0.98
    # Nothing between gray and the rest passes for coarse.
    own = volume.interpolated_values(surface.vertices, surface.scene_position)
    red = np.abs(surface.vertex_colors[:, :3].astype(int) - (215, 25, 28)).max(axis=1) <= 1
    assert (own[red] > np.percentile(result.values[result.mask], 95)).all()
    places = np.rint(small_map.data.xyz_to_ijk_transform * surface.vertices).astype(int)
    width = np.where(result.mask, high - low, np.nan)[tuple(places.T[::-1])]
    assert np.nanmedian(width[gray]) > limit > np.nanmedian(width[~gray])
    # The volume that scripts find is what was measured.
    assert volume.full_matrix().max() < 100
    do("volume #1 level 0.6")
    small_map.update_drawings()
    again = small_map.surfaces[0].vertex_colors[:, :3].astype(int)
    assert (np.ptp(again, axis=1) == 0).any()


def test_a_figure_is_written(do, small_map, tmp_path, log):
    from PIL import Image

    do(f'localres #1 method monores figure "{tmp_path}/out.png"')
    assert Image.open(tmp_path / "out.png").size == (1350, 840)
    assert "out.png" in log.getvalue()


def test_a_figure_shows_the_view_where_there_is_one(session, do, small_map, tmp_path, monkeypatch):
    from chimerax.map_resolution import snapshot
    from PIL import Image

    view = SimpleNamespace(image=lambda *size: Image.new("RGB", (9, 9), "red"))
    monkeypatch.setattr(snapshot, "drawn_view", lambda session: view)
    do(f'localres #1 method monores key false figure "{tmp_path}/out.png"')
    picture = np.asarray(Image.open(tmp_path / "out.png").convert("RGB"))
    assert picture.shape[1] == 1800
    assert (picture[100:400, 1500:1700] == [255, 0, 0]).all(axis=2).mean() > 0.5


def test_the_key_has_a_title_where_it_can_be_drawn(session, do, small_map, monkeypatch):
    """With the labels of ChimeraX; only what would draw them is missing."""
    from chimerax.label.label2d import find_label
    from chimerax.map_resolution import color_key
    from chimerax.map_resolution.colormap import scale_of

    def titled(volume, title=None):
        scale = scale_of([volume])
        monkeypatch.setattr(session.main_view, "_render", object())
        color_key.show_titled_key(session, scale.colormap(), title or scale.title)
        monkeypatch.setattr(session.main_view, "_render", None)
        return find_label(session, color_key.NAME)

    volume = do("localres #1 key false")
    label = titled(volume)
    assert label.text == "Local resolution (Å), MapRes local"
    model = color_key.get_model(session)
    assert label.ypos > model.pos[1] + model.size[1]
    count = len(session.models.list())
    # It is the same label: every new one would take a number of a model.
    assert titled(volume, "something else") is label and label.text == "something else"
    assert len(session.models.list()) == count
    do("key red:1 blue:2")
    assert find_label(session, color_key.NAME) is None
    assert titled(volume) is not None
    do("key delete")
    assert find_label(session, color_key.NAME) is None
    compared = do("localres #1 method monores compare resmap key false")
    assert scale_of([compared]).title == "MonoRes − ResMap (Å)"


@pytest.mark.parametrize("range", [None, "full"])
def test_one_value_everywhere_has_room_around_it(session, range):
    from chimerax.map_resolution.colormap import RESOLUTIONS, Scale

    scale = Scale([], np.full(10, 6.0), RESOLUTIONS, (5.5, 6.5), "")
    low, high = scale.colormap(range=range).value_range()
    assert low < 6 < high


def test_maps_share_one_scale(session, do, small_map):
    other = open_array(session, blobs(resolution=14), name="coarse")
    fine, coarse = do("localres #1,2 method monores")
    assert fine.local_resolution.median < coarse.local_resolution.median
    blue = [s.vertex_colors[:, 2].mean() for m in (small_map, other) for s in m.surfaces]
    assert blue[0] > blue[1]


def test_undo_takes_the_colors_back(do, small_map, measured):
    assert small_map.surfaces[0].vertex_colors is not None
    do("undo")
    assert small_map.surfaces[0].vertex_colors is None


def test_new_contour_level_is_colored_too(do, small_map, measured):
    do("volume #1 level 0.6")
    small_map.update_drawings()
    surface = small_map.surfaces[0]
    assert len(surface.vertex_colors) == len(surface.vertices)


def test_hidden_map_is_colored_when_shown(session, do):
    from chimerax.map import volume_from_grid_data
    from chimerax.map_data import ArrayGridData

    grid = ArrayGridData(blobs(), step=(2, 2, 2))
    hidden = volume_from_grid_data(grid, session, open_model=False, show_dialog=False)
    hidden.display = False
    session.models.add([hidden])
    do("localres #1 method monores")
    assert hidden.surfaces[0].vertex_colors is not None
    assert not hidden.display


def test_map_without_surface_is_measured_and_the_remedy_works(session, do, small_map, log):
    for surface in list(small_map.surfaces):
        surface.delete()
    small_map.set_display_style("image")
    small_map._style_when_shown = None
    volume = do("localres #1 method monores key false")
    assert volume.local_resolution.mask.any()
    text = " ".join(log.getvalue().split())
    remedy = text.partition("show it with: ")[2].partition(" Executing")[0]
    style, _, color = remedy.partition("; ")
    do(style)
    small_map.update_drawings()
    do(color.partition(" range ")[0] + " range 4,12")
    assert small_map.surfaces[0].vertex_colors is not None


def test_saved_map_is_read_back_on_the_same_grid(do, measured, tmp_path):
    path = tmp_path / "local.mrc"
    do(f'save "{path}" models #2')
    again = do(f'open "{path}"')[0]
    np.testing.assert_allclose(again.data.origin, measured.data.origin)
    assert again.data.step == measured.data.step
    np.testing.assert_array_equal(again.full_matrix(), measured.full_matrix())


def test_colored_surface_is_exported(do, small_map, measured, tmp_path):
    path = tmp_path / "surface.glb"
    do(f'save "{path}" models #1')
    assert b"COLOR_0" in path.read_bytes()


def test_json_names_the_new_volume(do, small_map):
    returned = do("localres #1", return_json=True)
    summary, volume = json.loads(returned.json_value), returned.python_value
    result = volume.local_resolution
    assert summary["output"] == f"#{volume.id_string}"
    assert summary["map"] == "small #1" and summary["method"] == "mapres"
    assert summary["median_A"] == pytest.approx(result.median, abs=1e-3)
    assert summary["quartiles_A"] == pytest.approx(list(result.quartiles), abs=1e-3)
    assert summary["mask_fraction"] == pytest.approx(result.mask.mean(), abs=1e-4)
    keys = {"map", "output", "method", "median_A", "quartiles_A", "mask_fraction", "seconds"}
    assert keys | {"warnings"} <= set(summary)


def test_mask_and_half_maps_are_used(session, do, small_map):
    values = blobs()
    inside = np.zeros_like(values)
    inside[18:30, 14:26, 20:36] = 1
    open_array(session, inside, name="mask")
    noise = np.random.default_rng(3).normal(scale=0.05, size=(2, *values.shape))
    for each in noise:
        open_array(session, (values + each).astype(np.float32), name="half")
    masked = do("localres #1 mask #2")
    measured = masked.local_resolution.mask
    assert not measured[inside == 0].any()
    assert measured[inside == 1].mean() > 0.95
    halves = do("localres #1 mask #2 halfMaps #3,4 method monores maxRes 12 step 1")
    assert halves.local_resolution.median <= 12
    assert not np.array_equal(halves.full_matrix(), masked.full_matrix())
    boxes = do("localres #1 mask #2 halfMaps #3,4 method blocres boxSize 24 stride 2 cutoff 0.143")
    assert boxes.local_resolution.method == "blocres"
    assert boxes.local_resolution.notes[0].startswith("Boxes of ")
    tested = do("localres #1 mask #2 halfMaps #3,4 method resmap maxRes 14 falseDiscoveryRate 0.01")
    assert tested.local_resolution.method == "resmap"
    assert tested.local_resolution.values.max() <= 14


def test_agreement_with_another_volume_wherever_it_lies(session, do, small_map, log):
    """The same result on a coarser, shifted grid, moved together with the map."""
    from chimerax.color_key.model import get_model

    first = do("localres #1 method monores key false")
    grid = first.data
    values = 1.5 + first.full_matrix()[1::2, 1::2, 1::2]
    origin = np.add(grid.origin, grid.step)
    open_array(session, values, tuple(origin), tuple(2 * s for s in grid.step), name="other")
    do("turn x 30 models #1-3; move y 12 models #1-3")
    agreed = json.loads(do("localres #1 method monores compare #3", return_json=True).json_value)[
        "compared"
    ]
    assert agreed["with"] == "other #3"
    assert agreed["median_difference_A"] == pytest.approx(-1.5, abs=0.05)
    assert agreed["spread_A"] < 0.5 and agreed["correlation"] > 0.9
    assert "Difference from other #3" in log.getvalue()
    difference = next(m for m in session.models if "difference from other" in m.name)
    assert not difference.display and difference.agreement.other == "other #3"
    # The key and the surface show differences: the same on both sides of 0.
    low, *_, high = [float(text) for _, text in get_model(session).rgbas_and_labels if text]
    assert low == -high and high >= 1.5


def test_agreement_with_a_method(session, do, small_map):
    volume = do("localres #1 method monores compare resmap")
    (difference,) = [m for m in session.models if getattr(m, "agreement", None)]
    assert difference.agreement.other == "ResMap"
    one, other = volume.local_resolution, do("localres #1 method resmap").local_resolution
    both = one.mask & (other.resolved > 0)
    assert difference.agreement.median == pytest.approx(
        np.median((one.values - other.values)[both]), abs=1e-4
    )


def test_uncertainty_is_a_second_hidden_volume(session, do, small_map):
    returned = do("localres #1 uncertainty true", return_json=True)
    summary, volume = json.loads(returned.json_value), returned.python_value
    (half,) = [
        m for m in session.models.list() if m.name == "small uncertainty of local resolution"
    ]
    assert summary["uncertainty"] == f"#{half.id_string}" and not half.display
    result = volume.local_resolution
    low, high = (end[result.mask] for end in result.interval)
    np.testing.assert_allclose(half.full_matrix()[result.mask], 0.5 * (high - low))
    assert summary["median_uncertainty_A"] == pytest.approx(np.median(0.5 * (high - low)), abs=1e-3)


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("localres #1 compare #1,2", "one map"),
        ("localres #1-2 compare #1", "one map"),
        ("localres #1 compare #1", "holds no resolutions"),
        ("localres #1 compare #2", "holds no resolutions"),
        ("localres", "maps"),
        ("localres #9", "No map"),
        ("localres #1 method guess", "method"),
        ("localres #1 mask #2", "mask"),
        ("localres #1 mask #1,2", "one map"),
        ("localres #1 halfMaps #1,2", "half map"),
        ("localres #1 step 0", "greater than 0"),
        ("localres #1 maxRes -2", "greater than 0"),
        ("localres #1 method monores maxRes 3", "3"),
        ("localres #1 method blocres", "half maps"),
        ("localres #1 stride 2", "stride requires method blocres"),
        ("localres #1 method monores uncertainty true", "uncertainty requires method mapres"),
        ("localres #1 method monores maxUncertainty 2", "maxUncertainty requires method mapres"),
        ("localres #1 maxUncertainty 2 compare monores", "give only one"),
        ("localres #1 maxUncertainty 0", "greater than 0"),
        ("localres #1,2 figure out.png", "one map"),
        ("localres #1 figure out.pdf", "end it in .png"),
        ("localres #1 figure /nowhere/out.png", "nowhere"),
        ("localres #1 method resmap falseDiscoveryRate 2", "between 0 and 1"),
        ("localres #1 palette red,blue,green:1", "palette"),
    ],
)
def test_bad_arguments_are_one_clear_sentence(session, do, small_map, command, part):
    open_array(session, blobs(shape=(20, 20, 20)), name="other")
    text = refusal(do, command)
    assert part in text
    assert "Traceback" not in text and "\n" not in text.strip()
    # Nothing half done is left behind.
    assert len([m for m in session.models.list() if hasattr(m, "data")]) == 2
