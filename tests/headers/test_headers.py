"""Headers that contradict themselves or their data are put right where one reading is sound."""

import itertools
import struct

import numpy as np
import pytest
from handmade import folded_chain, mrc_bytes
from scipy import ndimage

from mapres import io as mrc
from mapres.density import Density, checked
from mapres.errors import MapContentError, MapFileError
from mapres.headers.numbers import is_turned_round

SHAPE = (20, 24, 28)
CHAIN = folded_chain(SHAPE).values
WHOLE = np.rint(100 * CHAIN / np.abs(CHAIN).max())


@pytest.fixture
def read(tmp_path):
    def read(content):
        (tmp_path / "map.mrc").write_bytes(content)
        return mrc.read(tmp_path / "map.mrc")

    return read


def patched(content, *changes):
    content = bytearray(content)
    for offset, form, *values in changes:
        struct.pack_into(form, content, offset, *values)
    return bytes(content)


@pytest.mark.parametrize("axes", list(itertools.permutations((1, 2, 3))))
def test_a_sampling_in_the_order_of_the_file_is_put_right(read, axes):
    along = dict(zip((1, 2, 3), reversed(SHAPE), strict=True))
    stored = np.transpose(CHAIN, [3 - axis for axis in reversed(axes)])
    cell = [1.5 * n for n in reversed(SHAPE)]
    density = read(mrc_bytes(stored, axes=axes, cell=cell, sampling=[along[a] for a in axes]))
    assert density.voxel_size == pytest.approx((1.5,) * 3)
    assert np.array_equal(density.values, CHAIN)
    assert len(density.notes) == (axes != (1, 2, 3))
    for note in density.notes:
        assert "MX, MY and MZ" in note and "1.5 Å" in note
    # And what is sound gets no note.
    sound = read(mrc_bytes(stored, axes=axes, cell=cell))
    assert sound.notes == () and sound.voxel_size == pytest.approx((1.5,) * 3)


@pytest.mark.parametrize("axes", [(3, 2, 1), (2, 1, 3), (3, 1, 2)])
def test_a_cell_in_the_order_of_the_file_is_put_right(read, axes):
    along = dict(zip((1, 2, 3), reversed(SHAPE), strict=True))
    stored = np.transpose(CHAIN, [3 - axis for axis in reversed(axes)])
    density = read(mrc_bytes(stored, axes=axes, cell=[1.5 * along[a] for a in axes]))
    assert density.voxel_size == pytest.approx((1.5,) * 3)
    assert "in the order of its axes" in density.notes[0]


def test_a_sampling_in_another_order_than_the_box_is_put_right(read):
    density = read(mrc_bytes(CHAIN, cell=(42, 36, 30), sampling=SHAPE))
    assert density.voxel_size == pytest.approx((1.5,) * 3)
    assert "another order than its box" in density.notes[0]


def test_voxels_that_are_not_cubic_stay_what_they_are(read):
    density = read(mrc_bytes(CHAIN, cell=(28 * 1.5, 24 * 1.5, 20 * 3.0)))
    assert density.voxel_size == pytest.approx((1.5, 1.5, 3.0)) and density.notes == ()
    with pytest.raises(MapContentError, match="set voxel_size"):
        checked(density)


UNSIGNED = np.rint(255 * (CHAIN - CHAIN.min()) / np.ptp(CHAIN))


@pytest.mark.parametrize(
    ("mode", "values", "stored", "says"),
    [
        (0, UNSIGNED, "i1", "unsigned bytes"),
        (1, 200 * UNSIGNED, "i2", "unsigned"),
        (6, WHOLE, "u2", "signed"),
    ],
)
@pytest.mark.parametrize("order", ["<", ">"])
def test_whole_numbers_have_the_sign_of_the_headers_range(read, mode, values, stored, says, order):
    raw = values.astype(np.int64).astype(stored)
    limits = (76, order + "2f", float(values.min()), float(values.max()))
    density = read(patched(mrc_bytes(raw, mode, order=order), limits))
    assert np.array_equal(density.values, values)
    (note,) = density.notes
    assert f"read as {says}" in note


@pytest.mark.parametrize("limits", [(0, -1), (-100, 100), (0, 100), (0, 0), (np.nan, 200)])
def test_other_ranges_leave_bytes_signed(read, limits):
    density = read(patched(mrc_bytes(WHOLE, 0), (76, "<2f", *limits)))
    assert np.array_equal(density.values, WHOLE) and density.notes == ()


def test_old_bytes_that_are_negative_by_their_header_are_signed(read):
    density = read(patched(mrc_bytes(WHOLE, 0, word=bytes(4)), (76, "<2f", -100, 100)))
    assert np.array_equal(density.values, WHOLE)


FLOATS = np.where(np.abs(CHAIN) < 0.02, 0, CHAIN).astype(np.float32)


@pytest.mark.parametrize("mode", [0, 1, 2, 6, 12])
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_wrong_stamp_does_not_matter(read, mode, order):
    values = np.abs(WHOLE) if mode == 6 else WHOLE
    stamp = {"<": b"\x11\x11\0\0", ">": b"DD\0\0"}[order]
    density = read(mrc_bytes(values, mode, order=order, stamp=stamp))
    assert np.array_equal(density.values, values) and density.notes == ()


@pytest.mark.parametrize("mode", [1, 2, 6, 12])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["map", "mask"])
def test_data_in_the_other_byte_order_than_the_header(read, mode, order, kind):
    smooth = ndimage.gaussian_filter(CHAIN, 1)
    values = np.rint(1000 * smooth / smooth.max()) if kind == "map" else 1.0 * (CHAIN > 0.1)
    if kind == "mask" and mode != 2:
        # 1 and 256 are two levels either way.
        return
    values = np.abs(values) if mode == 6 else values
    content = mrc_bytes(values, mode, order=order)
    code = {1: "i2", 2: "f4", 6: "u2", 12: "f2"}[mode]
    turned = np.frombuffer(content[1024:], code).byteswap().tobytes()
    density = read(content[:1024] + turned)
    assert np.array_equal(density.values, values)
    assert "other byte order" in density.notes[0]
    assert read(content).notes == ()


@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1.0, 1e12, 1e30])
def test_no_sound_map_is_turned_round(scale):
    noise = np.random.default_rng(0).normal(size=SHAPE)
    for values in (noise, CHAIN, CHAIN > 0.1, np.rint(CHAIN), 0 * noise):
        assert not is_turned_round((scale * values).astype(np.float32), np.dtype("<f4"))


@pytest.mark.parametrize("kind", ["<i2", ">i2", "<u2", "<f2"])
def test_no_sound_whole_numbers_are_turned_round(kind):
    noise = np.random.default_rng(0).normal(scale=50, size=SHAPE)
    for values in (noise, WHOLE, 256 * (CHAIN > 0.1), 100 * ndimage.gaussian_filter(noise, 2)):
        values = np.abs(values) if kind[1] == "u" else values
        assert not is_turned_round(np.rint(values).astype(np.float32), np.dtype(kind))


def test_a_stack_by_its_header_is_refused(read):
    content = mrc_bytes(CHAIN, space_group=0, sampling=(28, 24, 1))
    with pytest.raises(MapFileError, match=r"stack of 20 images .* set MZ to 20"):
        read(content)


def images(count, noise, seed=0, n=40):
    """Projections of a chain in random directions, centered, as a laboratory picks them."""
    rng = np.random.default_rng(seed)
    volume = np.pad(folded_chain((32, 32, 32)).values, 4)
    made = []
    for first, second in rng.uniform(0, 360, (count, 2)):
        turned = ndimage.rotate(volume, first, (0, 1), reshape=False, order=1)
        made.append(ndimage.rotate(turned, second, (1, 2), reshape=False, order=1).sum(axis=0))
    made = np.array(made)
    return made + noise * made.std() * rng.standard_normal(made.shape)


@pytest.mark.parametrize("noise", [0.0, 0.5, 1.0])
def test_images_are_no_volume(noise):
    stack = images(64, noise)
    with pytest.raises(MapContentError, match="stack of 64 images"):
        checked(Density(stack.astype(np.float32), (1.5,) * 3))


def test_a_movie_is_no_volume():
    frames = images(1, 0.0)[0] * np.ones((40, 1, 1))
    frames += frames.std() * np.random.default_rng(0).standard_normal(frames.shape)
    with pytest.raises(MapContentError, match="stack of 40 images"):
        checked(Density(frames.astype(np.float32), (1.5,) * 3))


def volumes():
    rng = np.random.default_rng(0)
    _, y, x = np.indices((48, 48, 48)) - 24.0
    noise = rng.standard_normal((48, 48, 48))
    tube = ndimage.gaussian_filter(1.0 * (np.hypot(x, y) < 10), 2)
    slab = ndimage.gaussian_filter(1.0 * (np.abs(x) < 6), 1.5)
    yield "chain", folded_chain().values
    yield "noise", noise
    yield "smooth noise", ndimage.gaussian_filter(noise, 1.5)
    yield "noise, elongated", ndimage.gaussian_filter(noise, (1.5, 0.8, 0.8))
    yield "tube", tube
    yield "noisy tube", tube + 0.3 * ndimage.gaussian_filter(noise, 1)
    yield "slab", slab
    yield "noisy slab", slab + 0.3 * ndimage.gaussian_filter(noise, 1)


@pytest.mark.parametrize(
    ("name", "values"), list(volumes()), ids=lambda v: v if type(v) is str else ""
)
def test_volumes_are_no_stacks(name, values):
    checked(Density(values.astype(np.float32), (1.5,) * 3))


def test_another_voxel_size_can_be_given(read):
    density = mrc.with_voxel_size(read(mrc_bytes(CHAIN, cell=(0, 0, 0), start=(2, 3, 4))), 1.5)
    assert density.voxel_size == (1.5,) * 3 and density.origin == (3.0, 4.5, 6.0)
    assert "1.5 Å" in density.notes[-1]
    checked(density)


def test_a_given_voxel_size_is_written(read, tmp_path):
    density = mrc.with_voxel_size(read(mrc_bytes(CHAIN, cell=(0, 0, 0))), 1.5)
    mrc.write(tmp_path / "out.mrc", density)
    assert mrc.read(tmp_path / "out.mrc").voxel_size == pytest.approx((1.5,) * 3)
