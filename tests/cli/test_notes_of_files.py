"""Masks, voxel sizes and local resolutions of other programs, given on the command line."""

import json
import struct

import numpy as np
import pytest
from handmade import folded_chain, mrc_bytes

from mapres import io as mrc
from mapres.mask import solvent_mask

CHAIN = folded_chain()
INSIDE = solvent_mask(CHAIN)
HALVES = [folded_chain(seed=seed) for seed in (1, 2)]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mrc.write("map.mrc", CHAIN)
    for k, half in enumerate(HALVES, 1):
        mrc.write(f"half{k}.mrc", half)
    return tmp_path


@pytest.fixture
def found(run):
    def found(text):
        status, out, err = run(text + " --json")
        assert (status, err) == (0, "")
        return json.loads(out)

    return found


def refused(run, text):
    status, out, err = run(text)
    assert (status, out) == (2, "")
    assert err.startswith("mapres: ") and err.count("\n") == 1
    return err


def write_mask(values, mode=2, **header):
    content = mrc_bytes(values, mode, **header)
    with open("mask.mrc", "wb") as file:
        file.write(content)


FSC = "fsc half1.mrc half2.mrc --mask mask.mrc"
LOCAL = "local map.mrc -o out.mrc --method monores --step 2 --mask mask.mrc"
CELL = (72, 72, 72)
RANGES = [(-128, 127, 0), (0, 100, 0), (0, 255, 1), (0, 0.4, 2), (0, 0.5, 2), (1, 2, 2), (-1, 0, 2)]


@pytest.mark.parametrize(("low", "high", "mode"), RANGES)
def test_every_mask_of_two_levels_gives_the_same_answer(run, found, low, high, mode):
    write_mask(INSIDE.astype(np.float32), cell=CELL)
    plain = found(FSC)["resolution_A"], found(LOCAL)["median_A"]
    write_mask(np.where(INSIDE, high, low), mode, cell=CELL)
    fsc, local = found(FSC), found(LOCAL)
    assert (fsc["resolution_A"], local["median_A"]) == plain
    said = f"The mask mask.mrc ranges from {low:g} to {high:g}"
    assert fsc["notes"][0].startswith(said) and local["notes"][0].startswith(said)
    assert said in run(FSC)[1] and said in run(LOCAL)[1]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        (np.zeros(INSIDE.shape), "is empty (0 everywhere)"),
        (np.ones(INSIDE.shape), "fills the box"),
        (np.where(INSIDE, np.nan, 0), "NaN"),
        (HALVES[0].values, "is the map itself"),
        (HALVES[1].values, "like a density"),
        (~INSIDE, "is inverted"),
    ],
)
@pytest.mark.parametrize("command", [FSC, LOCAL.replace("map.mrc", "half1.mrc", 1)])
def test_what_is_no_mask_is_refused(run, values, says, command):
    write_mask(values.astype(np.float32), cell=CELL)
    assert says in refused(run, command)


def test_a_tight_mask_is_warned_of(found):
    write_mask(CHAIN.values > np.percentile(CHAIN.values, 99), cell=CELL)
    for command in (FSC, LOCAL):
        assert any("too tight" in text for text in found(command)["warnings"])


@pytest.mark.parametrize("place", [(0, 0, 0), (20, 0, 0), (24, 24, 24)])
def test_a_wrong_mask_never_turns_the_sign_of_half_maps(run, place):
    write_mask(np.roll(INSIDE, place, (0, 1, 2)).astype(np.float32), cell=CELL)
    for command in (FSC, LOCAL + " --half-maps half1.mrc half2.mrc"):
        _, out, err = run(command)
        assert "opposite" not in out + err and "shifted" not in out + err
    mrc.write("half2.mrc", HALVES[1].with_values(-HALVES[1].values))
    write_mask(INSIDE.astype(np.float32), cell=CELL)
    assert "opposite sign" in run(FSC)[1]


@pytest.mark.parametrize("cell", [(0, 0, 0), (48, 48, 48)])
def test_a_mask_without_a_voxel_size_is_taken(found, cell):
    write_mask(INSIDE.astype(np.float32), cell=cell)
    for command in (FSC, LOCAL):
        assert any("voxel by voxel" in text for text in found(command)["notes"])


def test_a_missing_voxel_size_is_set_by_an_option_that_is_named(run, found, folder):
    (folder / "bare.mrc").write_bytes(mrc_bytes(CHAIN.values, cell=(0, 0, 0)))
    for command in ("validate bare.mrc", "local bare.mrc -o out.mrc", "fsc bare.mrc half1.mrc"):
        assert "--voxel-size" in refused(run, command)
    bare = found("validate bare.mrc --voxel-size 1.5")
    assert bare["voxel_size_A"] == [1.5, 1.5, 1.5] and "1.5 Å" in bare["notes"][0]
    assert bare["resolution_A"] == found("validate map.mrc")["resolution_A"]
    assert found("local bare.mrc -o out.mrc --voxel-size 1.5")["voxel_size_A"] == [1.5] * 3
    assert mrc.read("out.mrc").voxel_size == pytest.approx((1.5,) * 3)
    halves = found("fsc half1.mrc half2.mrc --voxel-size 3")
    assert halves["voxel_size_A"] == [3.0] * 3
    once = found("fsc half1.mrc half2.mrc")["resolution_A"]["0.5"]
    assert halves["resolution_A"]["0.5"] == pytest.approx(2 * once, rel=1e-3)


@pytest.mark.parametrize("value", ["0", "-1", "x"])
def test_a_voxel_size_is_a_positive_number(run, value):
    assert "--voxel-size" in refused(run, f"validate map.mrc --voxel-size={value}")


def test_unsigned_bytes_are_said(found, folder):
    values = np.rint(255 * (CHAIN.values - CHAIN.values.min()) / np.ptp(CHAIN.values))
    content = bytearray(mrc_bytes(values.astype(np.uint8).view(np.int8), 0, cell=CELL))
    struct.pack_into("<2f", content, 76, 0, 255)
    (folder / "bytes.mrc").write_bytes(content)
    for command in ("validate bytes.mrc", "local bytes.mrc -o out.mrc"):
        assert "bytes.mrc has whole numbers from 0 to 255" in found(command)["notes"][0]


def test_a_stack_of_images_is_refused(run, folder):
    stack = mrc_bytes(CHAIN.values, space_group=0, sampling=(48, 48, 1))
    (folder / "stack.mrcs").write_bytes(stack)
    for command in ("validate stack.mrcs", "local stack.mrcs -o o.mrc", "fsc stack.mrcs map.mrc"):
        assert "stack of 48 images" in refused(run, command)


@pytest.mark.parametrize("cell", [(0, 0, 0), (48, 48, 48)])
def test_another_result_without_a_voxel_size_is_compared(found, folder, cell):
    command = "local map.mrc -o out.mrc --method monores --step 1"
    found(command)
    values = np.where(INSIDE, mrc.read("out.mrc").values + 1, 8.8637)
    (folder / "other.mrc").write_bytes(mrc_bytes(values.astype(np.float32), cell=cell))
    agreed = found(f"{command} --compare other.mrc")["compared"]
    assert agreed["median_difference_A"] == pytest.approx(-1, abs=1e-3)
    assert agreed["correlation"] > 0.99 and agreed["warnings"] == []
    assert any("voxel by voxel" in text for text in agreed["notes"])
    assert any("8.864 Å outside was taken as no data" in text for text in agreed["notes"])


@pytest.mark.parametrize("offset", [-4.0, 4.0])
def test_a_map_zeroed_outside_a_sphere_reads_as_without_the_step(found, offset):
    distance = np.linalg.norm(np.indices(INSIDE.shape) - 24, axis=0)
    step = offset * CHAIN.values.std()
    mrc.write("plain.mrc", CHAIN.with_values(np.where(distance < 28, CHAIN.values, 0)))
    mrc.write("rim.mrc", CHAIN.with_values(np.where(distance < 28, CHAIN.values + step, 0)))
    plain, rim = (found(f"local {name}.mrc -o out.mrc") for name in ("plain", "rim"))
    assert rim["median_A"] == pytest.approx(plain["median_A"], rel=0.03)
    assert rim["mask_fraction"] == pytest.approx(plain["mask_fraction"], rel=0.1)
    assert "rim.mrc is 0 outside" in rim["notes"][0]
