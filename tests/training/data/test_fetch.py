"""Fetching maps and structures from a server on this machine that can be made to fail."""

import gzip
import socket
import subprocess
import sys

import gemmi
import numpy as np
import pooch
import pytest
from fileserver import FileServer

from mapres.errors import OutputError
from mapres.features.distribution import CLASSES, class_of
from training.__main__ import main
from training.data import entries, fetch
from training.data.fetch import SUMS, read_sums
from training.data.resume import PIECE
from training.data.structures import from_file, rows

NOISE = np.random.default_rng(5).bytes(5 * PIECE)
MAP, OTHER_MAP = gzip.compress(NOISE, 1), gzip.compress(NOISE[::-1], 1)
NAME, PLACE = "emd_1.map.gz", "/EMD-1/map/emd_1.map.gz"


@pytest.fixture(autouse=True)
def only_this_machine(monkeypatch):
    """Refuse to look up any name: what asks for another server fails its test."""
    look_up = socket.getaddrinfo

    def refuse(host, *rest, **how):
        assert host == "127.0.0.1", f"a test asked for {host}"
        return look_up(host, *rest, **how)

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(pooch.core.time, "sleep", lambda seconds: None)


@pytest.fixture
def server():
    with FileServer() as server:
        for number in (1, 2, 3, 4, 5):
            server.add(f"/EMD-{number}/map/emd_{number}.map.gz", MAP)
        yield server


@pytest.fixture
def get(server, tmp_path):
    """Fetch some maps of the server, the first by default, into ``tmp_path``."""

    def get(ids="1", **how):
        return fetch.fetch_maps(ids, tmp_path, server.url, progress=False, **how)

    return get


@pytest.fixture
def interrupt(get, monkeypatch):
    """Return what fetches the first map and interrupts, as Ctrl-C does, after so many bytes."""

    def update(bar, n):
        bar.seen = getattr(bar, "seen", 0) + n
        if bar.seen >= update.limit:
            raise KeyboardInterrupt

    def interrupt(count):
        update.limit = count
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(fetch.tqdm, "update", update)
            get()

    return interrupt


@pytest.fixture
def interrupted(interrupt, server, tmp_path):
    """Leave the first part of a map behind."""
    interrupt(2 * PIECE)
    assert (tmp_path / f"{NAME}.part").read_bytes() == MAP[: 2 * PIECE]
    server.requests.clear()


def sums_of(folder, *names):
    return {name: pooch.file_hash(folder / name) for name in names}


def files(folder):
    return sorted(path.name for path in folder.iterdir())


# The lists.


def test_the_paper_has_thirty_maps_ten_of_each_class():
    table = [row for row in rows(entries.SPLITS / "paper_maps.tsv") if row["resolution_A"]]
    assert [row["emdb_id"] for row in table] == entries.paper_ids("global")
    published = [CLASSES[class_of(float(row["resolution_A"]))] for row in table]
    assert published == ["high"] * 10 + ["medium"] * 10 + ["low"] * 10
    # Tables 3 and 4 of the paper, rows published, columns predicted.
    for network, confusion in {
        "dnn": [[10, 0, 0], [4, 5, 1], [2, 5, 3]],
        "cnn": [[10, 0, 0], [5, 4, 1], [3, 4, 3]],
    }.items():
        found = [row[network] for row in table]
        for truth, counts in zip(CLASSES, confusion, strict=True):
            answers = [f for f, p in zip(found, published, strict=True) if p == truth]
            assert [answers.count(name) for name in CLASSES] == counts


def test_the_paper_has_thirteen_and_eight_maps_with_labels():
    assert len(entries.paper_ids("monores")) == 13 and len(entries.paper_ids("resmap")) == 8
    both = {*entries.paper_ids("monores"), *entries.paper_ids("resmap")}
    assert {*entries.paper_ids()} == both | {*entries.paper_ids("global")}
    assert len(entries.paper_ids()) == len({*entries.paper_ids()}) == 36


def test_each_structure_is_listed_once():
    ids = entries.pdb_ids()
    assert len(ids) == len({*ids}) > 14_000
    assert {*ids} == {i for s in ("train", "validation", "test") for i in entries.pdb_ids(s)}
    for entry in ids:
        entries.pdb_remote(entry)


def test_places_in_the_archives():
    assert entries.emdb_remote("emd-8221") == entries.emdb_remote("8221")
    assert entries.emdb_remote("8221").url == (
        "https://ftp.ebi.ac.uk/pub/databases/emdb/structures/EMD-8221/map/emd_8221.map.gz"
    )
    assert entries.pdb_remote("1Y1V").url == "https://files.rcsb.org/download/1y1v.cif.gz"
    assert entries.pdb_remote("1y1v", "http://mirror/").url == "http://mirror/1y1v.cif.gz"


@pytest.mark.parametrize("wrong", ["", "EMD-", "../8221", "8221/..", "²"])
def test_what_is_no_id_is_said(wrong):
    with pytest.raises(ValueError, match="not an EMDB id; give"):
        entries.emdb_remote(wrong)
    with pytest.raises(ValueError, match="not a PDB id; give"):
        entries.pdb_remote(wrong)


@pytest.mark.parametrize("wrong", ["", "mirror", "ftp://mirror", "/data/emdb"])
def test_what_is_no_server_is_said(wrong, tmp_path):
    with pytest.raises(ValueError, match="is no server; give an address"):
        fetch.fetch_maps(["1"], tmp_path, wrong)


# One file.


def test_a_file_arrives_whole(get, tmp_path):
    assert get().complete
    assert files(tmp_path) == [SUMS, NAME] and (tmp_path / NAME).read_bytes() == MAP


def test_the_bar_shows_the_bytes(get, server, interrupted, monkeypatch):
    seen = []

    def noted(bar, n):
        bar.n += n
        seen.append((bar.n, bar.total))

    monkeypatch.setattr(fetch.tqdm, "update", noted)
    get()
    assert seen[0] == (2 * PIECE, len(MAP)) and seen[-1] == (len(MAP), len(MAP))


def test_an_interrupted_file_goes_on(get, server, interrupted, tmp_path):
    get()
    assert server.requests == [(PLACE, f"bytes={2 * PIECE}-")]
    assert files(tmp_path) == [SUMS, NAME] and (tmp_path / NAME).read_bytes() == MAP


def test_a_server_without_ranges_sends_the_file_again(get, server, interrupted, tmp_path):
    server.ranges = False
    get()
    assert len(server.requests) == 1 and (tmp_path / NAME).read_bytes() == MAP


def test_a_server_that_names_no_version_is_asked_for_all(get, server, interrupt, tmp_path):
    server.tags, server.dates = {}, False
    interrupt(2 * PIECE)
    get()
    assert server.requests == [(PLACE, None)] * 2 and (tmp_path / NAME).read_bytes() == MAP


def test_a_weak_etag_is_not_trusted_but_the_date_is(get, server, interrupt, tmp_path):
    server.tags[PLACE] = 'W/"1"'
    interrupt(2 * PIECE)
    assert "GMT" in (tmp_path / f"{NAME}.part.version").read_text()
    get()
    assert server.requests[1][1] and (tmp_path / NAME).read_bytes() == MAP


@pytest.mark.parametrize("if_range", [True, False])
def test_a_file_changed_in_between_is_not_spliced(get, server, interrupted, tmp_path, if_range):
    server.if_range = if_range
    server.add(PLACE, OTHER_MAP)
    get()
    assert (tmp_path / NAME).read_bytes() == OTHER_MAP
    # A server that does not know If-Range has to be asked again.
    assert len(server.requests) == (1 if if_range else 2)


def test_a_file_that_shrank_is_fetched_again(get, server, interrupted, tmp_path):
    server.if_range = False
    server.add(PLACE, gzip.compress(b"short"))
    get()
    assert server.requests[-1] == (PLACE, None)
    assert gzip.decompress((tmp_path / NAME).read_bytes()) == b"short"


def test_a_file_interrupted_after_its_last_byte_is_there(get, server, interrupt, tmp_path):
    interrupt(len(MAP))
    get()
    assert server.requests[1:] == [(PLACE, f"bytes={len(MAP)}-")]
    assert (tmp_path / NAME).read_bytes() == MAP


def test_dropped_connections_are_taken_up_while_bytes_come(get, server, tmp_path):
    # More drops than tries: only those that brought nothing count.
    server.drops = [PIECE + 1] * 4 + [PIECE // 2] * 4
    get()
    assert (tmp_path / NAME).read_bytes() == MAP
    starts = [int(asked.strip("bytes=-")) for _, asked in server.requests[1:]]
    assert starts == sorted(starts) and len(starts) >= 5


def test_a_connection_that_only_drops_is_given_up(get, server):
    server.ranges, server.drops = False, [2 * PIECE] * 99
    result = get()
    assert "could not be had in 4 tries" in result.failed["EMD-1"]
    # What comes again from the start does not count as getting on: once more than it was tried.
    assert len(server.requests) == 5


def test_partial_answers_shorter_than_asked_for_add_up(get, server, interrupted, tmp_path):
    server.longest = PIECE
    get()
    assert (tmp_path / NAME).read_bytes() == MAP


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_recovers_is_waited_for(get, server, tmp_path, status):
    server.statuses = [status, status]
    get()
    assert len(server.requests) == 3 and (tmp_path / NAME).read_bytes() == MAP


def test_a_server_that_does_not_recover_is_said(get, server):
    server.statuses = [503] * 9
    assert "4 tries (the server answers 503); check" in get().failed["EMD-1"]
    assert len(server.requests) == 4


@pytest.mark.parametrize("status, why", [(404, "does not exist"), (403, "refuses")])
def test_a_refusal_is_final_and_one_sentence(get, server, status, why):
    server.statuses = [status]
    said = get().failed["EMD-1"]
    assert why in said and said.endswith("give another server.") and "\n" not in said
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "content, fault",
    [
        (MAP[:-9], "ended before"),
        (MAP[:9999] + b"\0" * 99 + MAP[10098:], "CRC|decompress"),
        (b"<html>Welcome to the hotel</html>", "Not a gzipped file"),
        (b"", "empty"),
    ],
)
def test_damaged_gzip_is_refused(get, server, tmp_path, content, fault):
    server.add(PLACE, content)
    said = get().failed["EMD-1"]
    assert "not a whole gzip file" in said and any(each in said for each in fault.split("|"))
    assert len(server.requests) == 1 and files(tmp_path) == [SUMS]


def test_damage_of_an_earlier_time_is_mended(get, server, interrupted, tmp_path):
    part = tmp_path / f"{NAME}.part"
    part.write_bytes(b"?" + part.read_bytes()[1:])
    get()
    assert server.requests[-1] == (PLACE, None) and (tmp_path / NAME).read_bytes() == MAP


def test_another_file_than_expected_is_refused(get, server, tmp_path):
    get()
    expected = read_sums(tmp_path / SUMS)
    (tmp_path / NAME).unlink()
    assert get(expected=expected).arrived == [NAME]
    server.add(PLACE, OTHER_MAP)
    (tmp_path / NAME).unlink()
    assert f"has changed: its SHA-256 is not {expected[NAME]}" in get().failed["EMD-1"]
    assert files(tmp_path) == [SUMS] and len(server.requests) == 3


# A folder of them.


def test_a_second_run_fetches_nothing(server, tmp_path, capfd):
    folder = tmp_path / "new" / "maps"
    result = fetch.fetch_maps(["1", "EMD-2", "1"], folder, server.url)
    assert result.arrived == ["emd_1.map.gz", "emd_2.map.gz"] and result.complete
    assert "2/2 emd_2.map.gz" in capfd.readouterr().err
    assert read_sums(folder / SUMS) == sums_of(folder, *result.arrived)
    again = fetch.fetch_maps(["1", "2"], folder, server.url, progress=False)
    assert again.kept == result.arrived and len(server.requests) == 2
    assert again.summary() == "0 fetched, 2 already there, 0 failed, 0 not tried"
    assert not capfd.readouterr().err


def test_sums_are_those_of_sha256sum(server, tmp_path):
    fetch.fetch_maps(["1"], tmp_path, server.url, progress=False)
    done = subprocess.run(["sha256sum", "--check", SUMS], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0 and done.stdout.decode() == f"{NAME}: OK\n"
    assert (tmp_path / SUMS).read_text() == f"{sums_of(tmp_path, NAME)[NAME]}  {NAME}\n"


@pytest.mark.parametrize("change", ["altered", "deleted"])
def test_a_file_that_disagrees_with_its_sum_is_fetched_again(server, tmp_path, change):
    fetch.fetch_maps(["1", "2"], tmp_path, server.url, progress=False)
    path = tmp_path / "emd_1.map.gz"
    if change == "altered":
        path.write_bytes(MAP[:-1])
    else:
        path.unlink()
    result = fetch.fetch_maps(["1", "2"], tmp_path, server.url, progress=False)
    assert result.arrived == [path.name] and result.kept == ["emd_2.map.gz"]
    assert path.read_bytes() == MAP and len(read_sums(tmp_path / SUMS)) == 2


@pytest.mark.parametrize("whole", [True, False])
def test_a_file_without_a_sum_is_taken_if_it_is_whole(get, server, tmp_path, whole):
    (tmp_path / NAME).write_bytes(OTHER_MAP if whole else OTHER_MAP[:-1])
    result = get()
    assert (result.kept, result.arrived) == (([NAME], []) if whole else ([], [NAME]))
    assert read_sums(tmp_path / SUMS) == sums_of(tmp_path, NAME)


def test_one_missing_entry_stops_no_other(server, tmp_path):
    result = fetch.fetch_maps(["1", "9599", "2"], tmp_path, server.url, False)
    assert result.arrived == ["emd_1.map.gz", "emd_2.map.gz"] and not result.complete
    assert result.summary().splitlines() == [
        f"EMD-9599: {server.url}/EMD-9599/map/emd_9599.map.gz does not exist (404); "
        "check the id, or give another server.",
        "2 fetched, 0 already there, 1 failed, 0 not tried",
    ]


def test_a_server_that_cannot_be_reached_is_not_asked_for_ever(tmp_path):
    with FileServer() as gone:
        url = gone.url
    result = fetch.fetch_maps("12345", tmp_path, url, progress=False)
    assert [*result.failed] == ["EMD-1", "EMD-2", "EMD-3"] and result.untried == ["EMD-4", "EMD-5"]
    assert "4 tries (Connection refused); check the network" in result.failed["EMD-1"]
    assert "EMD-4 and what follows it were not tried" in result.summary()


def test_failures_that_are_not_in_a_row_do_not_add_up(server, tmp_path):
    once = [503] * 4
    server.statuses = [*once, *once, 200, *once, *once, 404]
    result = fetch.fetch_maps("1234512", tmp_path, server.url, progress=False)
    assert not result.untried and [*result.failed] == ["EMD-1", "EMD-2", "EMD-4", "EMD-5"]


def test_what_was_expected_is_kept_and_noted(server, tmp_path):
    fetch.fetch_maps(["1"], tmp_path, server.url, progress=False)
    expected = read_sums(tmp_path / SUMS)
    (tmp_path / SUMS).unlink()
    result = fetch.fetch_maps(["1"], tmp_path, server.url, progress=False, expected=expected)
    assert result.kept == ["emd_1.map.gz"] and read_sums(tmp_path / SUMS) == expected


def test_what_is_there_but_not_expected_is_fetched_again(server, tmp_path):
    server.add("/EMD-1/map/emd_1.map.gz", OTHER_MAP)
    fetch.fetch_maps(["1", "2"], tmp_path, server.url, progress=False)
    expected = {"emd_1.map.gz": read_sums(tmp_path / SUMS)["emd_2.map.gz"]}
    result = fetch.fetch_maps(["1"], tmp_path, server.url, progress=False, expected=expected)
    assert "has changed: its SHA-256" in result.failed["EMD-1"]
    # What was there stays until something better is.
    assert (tmp_path / "emd_1.map.gz").read_bytes() == OTHER_MAP


def test_a_structure_can_be_read(server, tmp_path):
    structure = gemmi.read_pdb_string(
        "ATOM      1  CA  ALA A   1       1.000   2.000   3.000  1.00 20.00           C\n"
        "ATOM      2  N   GLY A   2       2.000   2.000   3.000  1.00 20.00           N\n"
    )
    document = structure.make_mmcif_document().as_string()
    server.add("/1y1v.cif.gz", gzip.compress(document.encode()))
    result = fetch.fetch_structures(["1Y1V"], tmp_path, server.url, progress=False)
    assert result.arrived == ["1y1v.cif.gz"]
    assert from_file(tmp_path / "1y1v.cif.gz").atomic_number.tolist() == [6, 7]


def test_unusable_sums_and_folders_are_said(server, tmp_path):
    with pytest.raises(ValueError, match="does not exist; give the SHA256SUMS"):
        read_sums(tmp_path / SUMS)
    (tmp_path / SUMS).write_text("<html>\n")
    with pytest.raises(ValueError, match=r"not a list of SHA-256 sums \('<html>'\); remove it"):
        fetch.fetch_maps(["1"], tmp_path, server.url, progress=False)
    with pytest.raises(OutputError, match="cannot make the folder"):
        fetch.fetch_maps(["1"], tmp_path / SUMS, server.url, progress=False)


def test_the_subcommand(server, tmp_path, monkeypatch, capsys):
    def run(*args):
        words = ["training", "fetch", "maps", *args, "--out", str(tmp_path)]
        monkeypatch.setattr(sys, "argv", [*words, "--base-url", server.url])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code

    assert run("1", "2") == 0
    assert capsys.readouterr().out == "2 fetched, 0 already there, 0 failed, 0 not tried\n"
    assert run("1", "77", "--expect", str(tmp_path / SUMS)) == 1
    assert capsys.readouterr().out.startswith("EMD-77: http")
    assert "not an EMDB id" in run("nonsense")
