"""Files and models that are not what they seem, given to the commands as a user gives them."""

import struct
from pathlib import Path

import numpy as np
import pytest
from handmade import mrc_bytes
from scenes import blobs, open_array, refusal

import mapres

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
VALUES = blobs()
INSIDE = blobs(resolution=14) > 0.2


@pytest.fixture
def opened(do, tmp_path):
    """Write a file and open it."""

    def opened(name="file.mrc", values=VALUES, mode=2, limits=None, **header):
        content = bytearray(mrc_bytes(values, mode, **header))
        if limits is not None:
            struct.pack_into("<2f", content, 76, *limits)
        (tmp_path / name).write_bytes(content)
        return do(f'open "{tmp_path / name}"')

    return opened


CELL = (112, 80, 96)


def open_atom(session):
    from chimerax.atomic import AtomicStructure

    model = AtomicStructure(session, name="1abc")
    atom = model.new_atom("CA", "C")
    atom.coord = np.zeros(3)
    model.new_residue("ALA", "A", 1).add_atom(atom)
    session.models.add([model])


@pytest.mark.parametrize("command", ["resvalidate", "localres"])
def test_an_atomic_model_is_no_map(session, do, command):
    open_atom(session)
    text = refusal(do, f"{command} #1")
    assert "1abc #1 is an atomic model" in text and text.startswith("No map was specified")


def test_a_map_beside_an_atomic_model_is_taken(session, do, small_map):
    open_atom(session)
    assert do("resvalidate #1-2").map == "small #1"


def test_a_result_is_no_map(do, small_map):
    do("localres #1 method monores key false")
    text = refusal(do, "localres #2")
    assert "is a result of MapRes" in text


@pytest.mark.parametrize("range", ["12,4", "5,5"])
def test_a_range_that_does_not_rise_is_refused(session, do, small_map, range):
    text = refusal(do, f"localres #1 range {range}")
    assert "does not rise" in text and range in text
    assert len([m for m in session.models.list() if hasattr(m, "data")]) == 1


@pytest.mark.parametrize("command", ["resvalidate #1", "localres #1"])
def test_a_missing_voxel_size_is_set_with_a_command_that_is_named(do, opened, command):
    opened(cell=(0, 0, 0))
    text = refusal(do, command)
    assert "`volume #1 voxelSize`" in text and "ChimeraX shows 1 Å" in text
    do("volume #1 voxelSize 2")
    assert do("resvalidate #1").voxel_size == (2, 2, 2)


@pytest.mark.parametrize("command", ["resvalidate #1", "localres #1 key false"])
def test_a_voxel_size_of_1_is_set_with_a_command_that_is_named(session, do, log, command):
    halves = [mapres.read(EXAMPLES / f"half{k}.mrc.gz").values for k in (1, 2)]
    open_array(session, 0.5 * (halves[0] + halves[1]))
    do("volume #1 voxelSize 1")
    do(command)
    # The plain log breaks long lines.
    text = " ".join(log.getvalue().split())
    assert "#1 has a voxel size of exactly 1 Å" in text
    assert "set the correct one with `volume #1 voxelSize`" in text and "voxel_size" not in text


def test_a_stack_of_images_is_refused(do, opened):
    opened(space_group=0, sampling=(56, 40, 1), cell=(112, 80, 2))
    assert "stack of 48 images" in refusal(do, "localres #1")


def test_unsigned_bytes_are_read_as_such(do, opened):
    unsigned = np.rint(255 * (VALUES - VALUES.min()) / np.ptp(VALUES))
    opened("whole.mrc", unsigned, cell=CELL)
    opened("bytes.mrc", unsigned.astype(np.uint8).view(np.int8), 0, (0, 255), cell=CELL)
    whole, small = do("localres #1,2 method monores key false")
    np.testing.assert_array_equal(whole.full_matrix(), small.full_matrix())
    (note,) = do("resvalidate #2").notes
    assert "read as unsigned bytes" in note and note.startswith("bytes.mrc #2")


def test_a_sampling_in_the_order_of_the_file_is_put_right(do, opened):
    stored = np.ascontiguousarray(VALUES.transpose(2, 1, 0))
    opened("turned.mrc", stored, axes=(3, 2, 1), sampling=(48, 40, 56), cell=CELL)
    result = do("resvalidate #1")
    assert result.voxel_size == (2, 2, 2) and "MX, MY and MZ" in result.notes[0]
    # What the user sets since is believed.
    do("volume #1 voxelSize 1.9")
    assert do("resvalidate #1").voxel_size == pytest.approx((1.9,) * 3)


@pytest.mark.parametrize(("low", "high"), [(-128, 127), (0, 255), (0, 0.4), (1, 2)])
def test_masks_of_any_two_levels(session, do, small_map, low, high):
    open_array(session, np.where(INSIDE, np.float32(high), np.float32(low)), name="mask")
    result = do("localres #1 mask #2 key false").local_resolution
    assert not result.mask[~INSIDE].any() and result.mask[INSIDE].mean() > 0.95
    assert any("ranges from" in note for note in result.notes)


def test_what_is_no_mask_of_the_map_is_refused(session, do, small_map):
    open_array(session, np.where(INSIDE, np.float32(0), np.float32(1)), name="inverted")
    assert "is the map itself" in refusal(do, "localres #1 mask #1")
    assert "inverted #2 is inverted" in refusal(do, "localres #1 mask #2")


def test_a_mask_without_a_voxel_size_is_taken(do, small_map, opened):
    opened("mask.mrc", INSIDE.astype(np.float32), cell=(0, 0, 0))
    opened("mask1.mrc", INSIDE.astype(np.float32))
    for number in (2, 3):
        result = do(f"localres #1 mask #{number} key false").local_resolution
        assert any("voxel by voxel" in note for note in result.notes)


@pytest.mark.parametrize("cell", [(0, 0, 0), (56, 40, 48)])
def test_another_result_without_a_voxel_size_is_compared(do, small_map, opened, cell):
    result = do("localres #1 method monores key false").local_resolution
    values = np.where(result.mask, result.values + 1, 0).astype(np.float32)
    opened("other.mrc", values, cell=cell)
    agreed = do("localres #1 method monores compare #3 key false").difference.agreement
    assert agreed.median == pytest.approx(-1) and agreed.correlation > 0.99
    assert any("voxel by voxel" in note for note in agreed.notes)
