"""MRC files: every number where the standard puts it, and damaged files named in one sentence."""

import bz2
import gzip
import itertools
import struct
import tracemalloc

import mrcfile
import numpy as np
import pytest
from handmade import mrc_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from mapres import io as mrc
from mapres.density import Density, checked
from mapres.errors import MapContentError, MapFileError, OutputError

NUMBERS = np.arange(4 * 3 * 2).reshape(4, 3, 2)


@pytest.fixture
def file(tmp_path):
    """Write bytes under a name and return the path."""

    def write(content, name="map.mrc"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("mode", [0, 1, 2, 6, 12])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_mode_in_both_byte_orders(file, mode, order):
    values = NUMBERS if mode in (6,) else NUMBERS - 10
    density = mrc.read(file(mrc_bytes(values, mode, order=order)))
    assert np.array_equal(density.values, values)
    assert density.values.dtype == np.dtype("float32")
    assert density.values.flags.c_contiguous


@pytest.mark.parametrize("pack", [lambda b: b, gzip.compress, bz2.compress])
def test_compression_is_told_by_content_not_by_name(file, pack):
    density = mrc.read(file(pack(mrc_bytes(NUMBERS)), "any.map"))
    assert np.array_equal(density.values, NUMBERS)


@pytest.mark.parametrize("axes", list(itertools.permutations((1, 2, 3))))
def test_every_axis_order(file, tmp_path, axes):
    # Each voxel says where it is; the file is filled in its own order, as the standard tells it.
    size = {1: 4, 2: 5, 3: 6}
    stored = np.empty([size[axis] for axis in reversed(axes)])
    for section, row, column in np.ndindex(stored.shape):
        place = dict(zip(axes, (column, row, section), strict=True))
        stored[section, row, column] = place[1] + 100 * place[2] + 10_000 * place[3]
    start = {1: 7, 2: -8, 3: 9}
    content = mrc_bytes(
        stored,
        axes=axes,
        start=[start[axis] for axis in axes],
        cell=(4 * 1.0, 5 * 1.5, 6 * 2.0),
    )
    density = mrc.read(file(content))
    z, y, x = np.indices((6, 5, 4))
    assert np.array_equal(density.values, x + 100 * y + 10_000 * z)
    assert density.voxel_size == (1.0, 1.5, 2.0)
    assert density.origin == (7 * 1.0, -8 * 1.5, 9 * 2.0)

    mrc.write(tmp_path / "again.mrc", density)
    # All but the statistics, the mode and what is spare is byte for byte what it was.
    again = (tmp_path / "again.mrc").read_bytes()
    assert again[:12] == content[:12]
    assert again[16:76] == content[16:76]
    assert again[196:208] == content[196:208]
    assert np.array_equal(mrc.read(tmp_path / "again.mrc").values, density.values)


@pytest.mark.parametrize(
    ("header", "origin"),
    [
        ({"origin": (1.5, -2.5, 3.5)}, (1.5, -2.5, 3.5)),
        ({"start": (2, 3, -4)}, (4.0, 6.0, -8.0)),
        ({"origin": (1.5, 0, 0), "start": (2, 3, -4)}, (1.5, 0.0, 0.0)),
        ({"origin": (float("nan"), 0, 0), "start": (2, 3, -4)}, (4.0, 6.0, -8.0)),
        # Before MRC2000 the words of ORIGIN held anything.
        ({"origin": (1e9, 7, 7), "start": (2, 3, -4), "word": bytes(4)}, (4.0, 6.0, -8.0)),
    ],
)
def test_origin_is_where_chimerax_finds_it(file, tmp_path, header, origin):
    density = mrc.read(file(mrc_bytes(NUMBERS, cell=(4.0, 6.0, 8.0), **header)))
    assert density.origin == origin
    mrc.write(tmp_path / "again.mrc", density)
    assert mrc.read(tmp_path / "again.mrc").origin == origin


def test_voxel_size_is_cell_over_sampling_not_over_box(file):
    density = mrc.read(file(mrc_bytes(NUMBERS, cell=(40, 60, 80), sampling=(20, 40, 80))))
    assert density.voxel_size == (2.0, 1.5, 1.0)


def test_missing_sampling_means_the_whole_box(file):
    density = mrc.read(file(mrc_bytes(NUMBERS, cell=(4.0, 6.0, 8.0), sampling=(0, 0, 0))))
    assert density.voxel_size == (2.0, 2.0, 2.0)


def test_unset_angles_and_axes_mean_the_usual_ones(file):
    density = mrc.read(file(mrc_bytes(NUMBERS, angles=(0, 0, 0), axes=(1, 2, 3))))
    assert density.cell_angles == (90.0, 90.0, 90.0)
    content = bytearray(mrc_bytes(NUMBERS))
    content[64:76] = bytes(12)
    assert np.array_equal(mrc.read(file(content)).values, NUMBERS)


def test_extended_header_is_skipped(file):
    density = mrc.read(file(mrc_bytes(NUMBERS, extended=b"SYMMETRY OPERATOR".ljust(160))))
    assert np.array_equal(density.values, NUMBERS)


def test_space_group_0_is_read_as_a_volume(file, tmp_path):
    # Half of all programs write volumes so; by the letter it is a stack of images.
    density = mrc.read(file(mrc_bytes(NUMBERS, space_group=0)))
    assert density.values.shape == (4, 3, 2)
    mrc.write(tmp_path / "again.mrc", density)
    assert mrc.read(tmp_path / "again.mrc").values.shape == (4, 3, 2)


def test_a_stack_of_one_volume_is_that_volume(file, tmp_path):
    density = mrc.read(file(mrc_bytes(NUMBERS, space_group=401)))
    assert density.values.shape == (4, 3, 2)
    mrc.write(tmp_path / "again.mrc", density)
    assert np.array_equal(mrc.read(tmp_path / "again.mrc").values, density.values)


@pytest.mark.parametrize(
    ("flags", "word", "expected"),
    [(0, b"MAP ", 200), (1, b"MAP ", -56), (None, b"MAP ", -56), (None, bytes(4), 200)],
)
def test_bytes_are_signed_unless_the_file_says_otherwise(file, flags, word, expected):
    # IMOD's stamp without its flag, or a file from before the standard: as ChimeraX does it.
    values = np.full((2, 2, 2), 200 - 256)
    density = mrc.read(file(mrc_bytes(values, 0, imod_flags=flags, word=word)))
    assert np.all(density.values == expected)


def test_unstamped_files_are_read(file):
    density = mrc.read(file(mrc_bytes(NUMBERS, stamp=b"\0\0\0\1", word=b"\0\0\0\0")))
    assert np.array_equal(density.values, NUMBERS)


def test_a_wrong_stamp_is_seen_through(file):
    density = mrc.read(file(mrc_bytes(NUMBERS, order=">", stamp=b"DD\0\0")))
    assert np.array_equal(density.values, NUMBERS)


def test_refusing_a_file_takes_no_memory(file):
    # Prediction must not set aside the gigabytes that its "header" asks for.
    path = file(b"P" * 5000)
    tracemalloc.start()
    with pytest.raises(MapFileError):
        mrc.read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1e6


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize(("mode", "order", "axes"), [(2, "<", (1, 2, 3)), (1, ">", (3, 1, 2))])
def test_reading_takes_a_tenth_more_memory_than_the_map(file, pack, mode, order, axes):
    values = np.zeros((200, 200, 200))
    path = file(pack(mrc_bytes(values, mode, order=order, axes=axes)))
    mrc.read(path)
    tracemalloc.start()
    density = mrc.read(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1.1 * density.values.nbytes


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress])
def test_bytes_after_the_map_are_ignored(file, pack):
    density = mrc.read(file(pack(mrc_bytes(NUMBERS) + bytes(100_000))))
    assert np.array_equal(density.values, NUMBERS)


def test_a_wrong_checksum_is_damage(file):
    content = bytearray(gzip.compress(mrc_bytes(NUMBERS)))
    content[-8] ^= 1
    with pytest.raises(MapFileError, match="CRC"):
        mrc.read(file(content))


def test_a_header_that_makes_sense_only_against_its_stamp(file):
    # Mode 0 is the same in both byte orders; 401 makes a stack whose depth is 0.
    content = bytearray(mrc_bytes(NUMBERS, 0, sampling=(2, 3, 0), cell=(1, 1, 1)))
    content[212:214] = b"\x11\x11"
    struct.pack_into(">i", content, 88, 401)
    assert np.array_equal(mrc.read(file(content)).values, NUMBERS)


def header_with(offset, form, value):
    content = bytearray(mrc_bytes(NUMBERS))
    struct.pack_into("<" + form, content, offset, value)
    return bytes(content)


CUT = mrc_bytes(np.random.default_rng(0).random((20, 20, 20)))
DAMAGED = {
    "empty": (b"", "shorter than a header"),
    "text": (b"This is not a map at all.\n" * 100, "not an MRC map"),
    "short text": (b"hello", "shorter than a header"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "not an MRC map"),
    "zeros": (bytes(2000), "not an MRC map"),
    "cut in the data": (CUT[:-7], "truncated"),
    "cut after the header": (CUT[:1024], "truncated"),
    "cut in the header": (CUT[:1000], "shorter than a header"),
    "cut gzip": (gzip.compress(CUT)[:-2000], "cannot be read"),
    "cut in the gzip trailer": (gzip.compress(CUT)[:-4], "cannot be read"),
    "gzip of a cut file": (gzip.compress(CUT[:-7]), "truncated"),
    "cut bzip2": (bz2.compress(CUT)[:-2000], "cannot be read"),
    "gzip with a damaged middle": (gzip.compress(CUT)[:9000] + bytes(9000), "cannot be read"),
    "only looks like gzip": (b"\x1f\x8b" + bytes(2000), "cannot be read"),
    "only looks like bzip2": (b"BZh9" + bytes(2000), "cannot be read"),
    "complex short": (mrc_bytes(np.zeros((2, 2, 2, 2)), 3), "complex data .mode 3"),
    "complex": (mrc_bytes(np.zeros((2, 2, 2, 2)), 4), "complex data .mode 4"),
    "RGB": (mrc_bytes(np.zeros((2, 2, 2, 3)), 16), "RGB data .mode 16"),
    "4 bits": (header_with(12, "i", 101), "unsupported data .mode 101"),
    "axis order": (header_with(64, "i", 2), "axis order"),
    "huge box": (header_with(0, "i", 100_000), "not an MRC map"),
    "large box": (header_with(0, "i", 4000), "truncated"),
    "negative box": (header_with(8, "i", -4), "not an MRC map"),
    "huge extended header": (header_with(92, "i", 2**31 - 1), "not an MRC map"),
    "missing extended header": (header_with(92, "i", 1000), "truncated"),
    "negative extended header": (header_with(92, "i", -5), "not an MRC map"),
    "two volumes": (
        mrc_bytes(NUMBERS, space_group=401, sampling=(2, 3, 2)),
        "stack of 2 volumes",
    ),
    "stack without a depth": (
        mrc_bytes(NUMBERS, space_group=401, sampling=(2, 3, 0), cell=(1, 1, 1)),
        "not an MRC map",
    ),
    "single image": (mrc_bytes(NUMBERS[:1], space_group=0), "single image"),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_damaged_files_are_named_in_one_sentence(file, kind):
    content, words = DAMAGED[kind]
    path = file(content, "bad.mrc")
    with pytest.raises(MapFileError, match=words) as caught:
        mrc.read(path)
    assert "bad.mrc" in str(caught.value) and "\n" not in str(caught.value)
    assert str(caught.value).endswith(".") and not str(caught.value).endswith("..")


@given(st.data())
@settings(max_examples=300)
def test_random_damage_is_never_a_traceback(tmp_path_factory, data):
    content = bytearray(mrc_bytes(NUMBERS, labels=["a"]))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, 1023))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / "map.mrc"
    path.write_bytes(content)
    try:
        density = mrc.read(path)
        checked(density)
    except (MapFileError, MapContentError):
        return
    assert density.values.shape == (4, 3, 2)


@pytest.mark.parametrize("name", ["missing.mrc", "."])
def test_missing_files_and_folders(tmp_path, name):
    with pytest.raises(MapFileError, match="does not exist or is not a file"):
        mrc.read(tmp_path / name)


def test_a_map_that_does_not_fit_in_memory(file, monkeypatch):
    def open(*args, **options):
        raise MemoryError

    path = file(mrc_bytes(NUMBERS))
    monkeypatch.setattr(mrc, "_values", open)
    with pytest.raises(MapFileError, match="memory"):
        mrc.read(path)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("name", ["out.mrc", "out.map.gz", "out.mrc.bz2"])
def test_results_keep_the_header_of_the_map(file, tmp_path, order, name):
    labels = ["made by hand", "::::EMDATABANK.org::::EMD-0000::::"]
    content = mrc_bytes(
        NUMBERS,
        order=order,
        cell=(4.2, 6.3, 8.4),
        origin=(-10.5, 3.25, 1e3),
        start=(5, 6, 7),
        labels=labels,
        space_group=4,
        extended=bytes(80),
    )
    density = mrc.read(file(content))
    mrc.write(tmp_path / name, density.with_values(density.values * 2 + 1))
    with mrcfile.open(tmp_path / name) as written:
        assert mrcfile.validate(tmp_path / name)
        header = written.header
        assert int(header.mode) == 2
        assert header.cella.tolist() == pytest.approx((4.2, 6.3, 8.4))
        assert header.origin.tolist() == (-10.5, 3.25, 1e3)
        assert [int(header[f"n{axis}start"]) for axis in "xyz"] == [5, 6, 7]
        assert int(header.ispg) == 4
        assert [label.strip() for label in written.get_labels()] == labels
        assert np.array_equal(written.data, NUMBERS * 2 + 1)
    again = mrc.read(tmp_path / name)
    assert (again.voxel_size, again.origin) == (density.voxel_size, density.origin)


@pytest.mark.parametrize("from_file", [True, False])
def test_what_is_read_is_what_was_written(file, tmp_path, from_file):
    # Also when the density has been resampled or moved since it was read.
    header = mrc.read(file(mrc_bytes(NUMBERS, start=(1, 2, 3), axes=(3, 1, 2)))).header
    values = np.random.default_rng(0).random((5, 6, 7)).astype(np.float32)
    density = Density(
        values, (1.5, 1.25, 2.0), (-7.5, 0.0, 8.25), header=header if from_file else None
    )
    mrc.write(tmp_path / "out.mrc", density)
    again = mrc.read(tmp_path / "out.mrc")
    assert np.array_equal(again.values, values)
    assert (again.voxel_size, again.origin) == (density.voxel_size, density.origin)


def test_real_maps_survive_a_round_trip(shared_data, tmp_path):
    for path in sorted((shared_data / "maps").glob("*.gz")):
        density = mrc.read(path)
        if density.values.size > 2e6:
            continue
        mrc.write(tmp_path / "again.mrc", density)
        again = mrc.read(tmp_path / "again.mrc")
        assert np.array_equal(again.values, density.values), path.name
        assert again.voxel_size == density.voxel_size, path.name
        assert again.origin == density.origin, path.name
        for name in ("mapc", "mapr", "maps", "cella", "cellb", "nlabl", "label"):
            assert np.array_equal(again.header[name], density.header[name]), (path.name, name)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    (tmp_path / "out.mrc").write_bytes(b"old")

    def fail(*args):
        raise KeyboardInterrupt

    monkeypatch.setattr(mrc, "_place", fail)
    with pytest.raises(KeyboardInterrupt):
        mrc.write(tmp_path / "out.mrc", Density(NUMBERS, (1.0, 1.0, 1.0)))
    assert [path.name for path in tmp_path.iterdir()] == ["out.mrc"]
    assert (tmp_path / "out.mrc").read_bytes() == b"old"


@pytest.mark.parametrize("folder", ["missing", "file.txt", "/proc"])
def test_folders_that_cannot_be_written(tmp_path, folder):
    (tmp_path / "file.txt").write_text("not a folder")
    with pytest.raises(OutputError, match=folder):
        mrc.write(tmp_path / folder / "out.mrc", Density(NUMBERS, (1.0, 1.0, 1.0)))


def test_written_files_have_the_usual_permissions(tmp_path):
    mrc.write(tmp_path / "out.mrc", Density(NUMBERS, (1.0, 1.0, 1.0)))
    (tmp_path / "plain").touch()
    assert (tmp_path / "out.mrc").stat().st_mode == (tmp_path / "plain").stat().st_mode
