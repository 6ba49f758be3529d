"""The command `resvalidate`, typed as a user types it."""

import json
import re
import shutil

import numpy as np
import pytest
from handmade import mrc_bytes
from headless import real_map
from scenes import blobs, open_array, refusal

from mapres.networks import registry

MODELS = registry.available()
side_by_side = pytest.mark.skipif(
    list(registry.SHIPPED) != MODELS,
    reason="the paper's classifiers are not trained in this version",
)


def test_real_map_is_validated_and_logged(do, channel, log):
    before = channel.full_matrix().copy()
    result = do("resvalidate #1 claimed 3.2")
    assert result.map == "ispg_0.mrc #1"
    assert (result.box, result.voxel_size) == ((97, 97, 97), (3.0, 3.0, 3.0))
    assert sum(result.probabilities.values()) == pytest.approx(1, abs=1e-3)
    assert result.interval[0] <= result.resolution <= result.interval[1]
    # 3.2 Å is beyond the Nyquist limit.
    assert result.resolution >= 6.0
    assert result.verdict in ("optimistic", "inconclusive")
    text = log.getvalue()
    for shown in ("ispg_0.mrc #1", "3.2", result.verdict, result.resolution_class):
        assert shown in text
    name, digits = result.model.split("@")
    assert name in text and digits in text
    np.testing.assert_array_equal(channel.full_matrix(), before)


@side_by_side
def test_every_model_in_one_table(do, small_map, log):
    results = do("resvalidate #1 claimed 6.5 model all")
    assert [result.model.partition("@")[0] for result in results] == MODELS
    default, *classifiers = results
    assert default.interval[0] <= default.resolution <= default.interval[1]
    assert all(result.resolution is None for result in classifiers)
    assert {result.map for result in results} == {"small #1"}
    # The plain log breaks long lines.
    text = " ".join(log.getvalue().split())
    assert text.count("Voxel size") == text.count("Probability of high") == 1
    decided = [result for result in classifiers if result.verdict != "inconclusive"]
    assert text.count("class only") == 2 and text.count("from predicted class only") == len(decided)
    for result in results:
        assert result.model in text and result.verdict in text
        assert result == do(f"resvalidate #1 claimed 6.5 model {result.model_name}")


@side_by_side
def test_every_row_of_the_table_has_its_four_columns(session, do, small_map, monkeypatch):
    logged = []
    monkeypatch.setattr(session.logger, "info", lambda text, **_: logged.append(text))
    do("resvalidate #1 claimed 6.5 model all")
    (table,) = (text for text in logged if text.startswith("<table"))
    rows = re.findall("<tr>(.*)</tr>", table)
    widths = [re.findall(r'<td(?: colspan="(\d)")?>', row) for row in rows]
    assert len(rows) >= 11
    assert {sum(int(width or 1) for width in row) for row in widths} == {4}


@side_by_side
def test_every_model_on_several_maps_gives_a_list_of_lists(session, do, small_map):
    open_array(session, blobs(seed=2), name="other")
    both = do("resvalidate #1,2 model all")
    assert [[result.map for result in results] for results in both] == [
        ["small #1"] * 3,
        ["other #2"] * 3,
    ]


@side_by_side
def test_json_of_every_model_is_that_of_the_command_line(do, small_map):
    returned = do("resvalidate #1 model all", return_json=True)
    summary = json.loads(returned.json_value)
    assert (summary["map"], list(summary["models"])) == ("small #1", MODELS)
    for found in returned.python_value:
        expected = json.loads(json.dumps(found.as_json()))
        assert summary["models"][found.model_name] == expected


@side_by_side
def test_half_maps_decide_for_every_model(session, do):
    clean = blobs()
    noise = np.random.default_rng(3).normal(scale=0.05, size=(2, *clean.shape))
    for values in (clean, *(clean + n for n in noise)):
        open_array(session, values.astype(np.float32))
    results = do("resvalidate #1 claimed 15 halfMaps #2,3 model all")
    assert len({result.half_map_fsc for result in results}) == 1
    assert len({result.verdict for result in results}) == 1


@side_by_side
def test_status_shows_which_model_is_running(session, do, small_map, monkeypatch):
    shown = []
    monkeypatch.setattr(session.logger, "status", lambda text, *_, **__: shown.append(text))
    do("resvalidate #1 model all")
    named = [name for name in MODELS if any(f": {name}: finding the molecule" in t for t in shown)]
    assert named == MODELS


def test_a_bad_map_is_refused_once_however_many_models(session, do):
    open_array(session, np.full((24, 24, 24), 0.5, np.float32))
    assert refusal(do, "resvalidate #1 model all").count("is constant") == 1


@pytest.mark.parametrize(("typed", "meant"), [("def", "default"), ("DEFAULT", "default")])
def test_names_of_models_are_completed(do, small_map, typed, meant):
    assert do(f"resvalidate #1 model {typed}").model.startswith(f"{meant}@")


def test_a_model_card_is_given_by_its_path(do, small_map, tmp_path):
    from chimerax.map_resolution.mapres.networks.registry import FOLDER

    for suffix in ("json", "onnx"):
        shutil.copy(FOLDER / f"default.{suffix}", tmp_path / f"default.{suffix}")
    (tmp_path / "default.json").rename(tmp_path / "own card.json")
    result = do(f'resvalidate #1 model "{tmp_path / "own card.json"}"')
    assert result.model.startswith("own card@")


def test_json_is_that_of_the_command_line(do, small_map):
    returned = do("resvalidate #1", return_json=True)
    expected = json.dumps(returned.python_value.as_json())
    assert json.loads(returned.json_value) == json.loads(expected)


def test_shown_region_and_step_do_not_matter(do, small_map):
    whole = do("resvalidate #1")
    do("volume #1 region 8,8,8,30,30,30 step 2")
    assert do("resvalidate #1") == whole


def test_moved_map_gets_the_same_result(do, small_map):
    before = do("resvalidate #1")
    do("turn y 40 models #1")
    do("move x 12 models #1")
    place = small_map.scene_position
    assert do("resvalidate #1") == before
    assert small_map.scene_position == place


def test_several_maps_give_a_list(session, do, small_map, log):
    open_array(session, blobs(seed=2), name="other")
    first, second = do("resvalidate #1,2")
    assert (first.map, second.map) == ("small #1", "other #2")
    assert "small #1" in log.getvalue() and "other #2" in log.getvalue()
    summaries = json.loads(do("resvalidate #1,2", return_json=True).json_value)
    assert [summary["map"] for summary in summaries] == ["small #1", "other #2"]


def test_half_maps_are_used(session, do):
    clean = blobs()
    noise = np.random.default_rng(3).normal(scale=0.05, size=(2, *clean.shape))
    for values in (clean, *(clean + n for n in noise)):
        open_array(session, values.astype(np.float32))
    result = do("resvalidate #1 halfMaps #2,3")
    assert 4.0 <= result.half_map_fsc < 20


def test_a_mask_is_named_and_leaves_what_the_network_reads(session, do, small_map):
    inside = blobs() > 0.2
    open_array(session, inside.astype(np.float32), name="mask")
    result = do("resvalidate #1 mask #2")
    assert result.mask == "mask #2"
    assert result.resolution == pytest.approx(do("resvalidate #1").resolution)
    assert "for one map" in refusal(do, "resvalidate #1,2 mask #2")


def test_crystal_is_refused_in_one_sentence(do, tmp_path):
    import bz2

    path = tmp_path / "EMD-3001.map"
    path.write_bytes(bz2.decompress(real_map("EMD-3001.map.bz2").read_bytes()))
    do(f'open "{path}"')
    assert refusal(do, "resvalidate #1").count(".\n") == 0
    assert "non-orthogonal" in refusal(do, "resvalidate #1")
    assert "non-orthogonal" in refusal(do, "localres #1")


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("resvalidate", "maps"),
        ("resvalidate #9", "No map"),
        ("resvalidate #1 claimed -3", "greater than 0"),
        ("resvalidate #1 claimed fine", "claimed"),
        ("resvalidate #1 halfMaps #1", "two maps"),
        ("resvalidate #1,2 halfMaps #1,2", "one map"),
        ("resvalidate #1 halfMaps #1,2", "voxels"),
        ("resvalidate #2", "at least 16"),
        ("resvalidate #1 model missing", "missing"),
        ("resvalidate #1 color red", "keyword"),
    ],
)
def test_bad_arguments_are_one_clear_sentence(session, do, small_map, command, part):
    open_array(session, blobs(shape=(12, 12, 12)), name="tiny")
    text = refusal(do, command)
    assert part in text
    assert "Traceback" not in text and "\n" not in text.strip()


@pytest.mark.parametrize("command", ["resvalidate #1", "localres #1"])
@pytest.mark.parametrize(
    ("header", "part"),
    [
        ({"cell": (0, 0, 0)}, "a voxel size of 0 x 0 x 0"),
        ({"cell": (112, 80, -96)}, "a voxel size of 0 x 0 x 0"),
        ({"cell": (112, 80, np.nan)}, "a voxel size of 0 x 0 x 0"),
        ({"sampling": (0, 0, 0), "cell": (112, 80, 96)}, "a voxel size of 0 x 0 x 0"),
        ({"cell": (1e6, 1e6, 1e6)}, "a voxel size of 1.786e+04"),
    ],
)
def test_missing_or_implausible_voxel_size_is_refused(do, tmp_path, command, header, part):
    path = tmp_path / "bare.mrc"
    path.write_bytes(mrc_bytes(blobs(), **header))
    do(f'open "{path}"')
    text = refusal(do, command)
    assert text.startswith("bare.mrc #1") and part in text


@pytest.mark.parametrize("size", [2.0, 1.0001])
def test_voxel_size_that_the_user_sets_is_used(do, tmp_path, size):
    path = tmp_path / "bare.mrc"
    path.write_bytes(mrc_bytes(blobs(), cell=(0, 0, 0)))
    do(f'open "{path}"')
    do(f"volume #1 voxelSize {size}")
    assert do("resvalidate #1").voxel_size == (size, size, size)


@pytest.mark.parametrize("command", ["resvalidate #1", "localres #1"])
def test_constant_map_is_refused(session, do, command):
    open_array(session, np.full((24, 24, 24), 0.5, np.float32))
    assert "is constant (0.5 everywhere)" in refusal(do, command)


@pytest.mark.parametrize("command", ["resvalidate #1", "localres #1"])
def test_complex_map_is_refused(session, do, command):
    from chimerax.map import volume_from_grid_data
    from chimerax.map_data import ArrayGridData

    grid = ArrayGridData((blobs() * 1j).astype(np.complex64), step=(2, 2, 2))
    # ChimeraX itself cannot draw it.
    hidden = volume_from_grid_data(grid, session, open_model=False, show_dialog=False)
    hidden.display = False
    session.models.add([hidden])
    assert "holds complex values" in refusal(do, command)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(session, do, value):
    values = blobs()
    values[1, 2, 3] = value
    open_array(session, values)
    assert "1 NaN or infinite" in refusal(do, "resvalidate #1")


def test_canceling_is_no_error(session, do, small_map, monkeypatch):
    from chimerax.core.errors import CancelOperation
    from chimerax.map_resolution.mapres.errors import Cancelled

    def cancel(*_, **__):
        raise Cancelled

    monkeypatch.setattr(session.logger, "status", cancel)
    with pytest.raises(CancelOperation):
        do("resvalidate #1")
