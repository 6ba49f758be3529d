"""The command line: what it prints, what it writes, and one line for everything that is wrong."""

import bz2
import dataclasses
import gzip
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from handmade import folded_chain, mrc_bytes, noisy_ball

import mapres
from mapres import io as mrc
from mapres import threads
from mapres.errors import MapContentError
from mapres.local import resolution as local
from mapres.networks import registry

BALL = noisy_ball()
VALIDATE_KEYS = [
    *("map", "voxel_size_A", "box", "class", "probabilities", "resolution_A", "interval_A"),
    *("claimed_A", "verdict", "warnings", "model", "version"),
]
LOCAL_KEYS = [
    *("map", "output", "method", "median_A", "quartiles_A", "mask_fraction", "seconds", "warnings")
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder, made the current one, with a map, its mask and its half maps."""
    monkeypatch.chdir(tmp_path)
    distance = np.linalg.norm(np.indices(BALL.values.shape) - 15.5, axis=0)
    content = mrc_bytes(
        BALL.values, cell=(48.0, 48.0, 48.0), origin=BALL.origin, labels=["a label", "another"]
    )
    (tmp_path / "map.mrc").write_bytes(content)
    mrc.write("mask.mrc", BALL.with_values(distance < 11))
    mrc.write("half1.mrc", noisy_ball(seed=1))
    mrc.write("half2.mrc", noisy_ball(seed=2))
    return tmp_path


def names(folder):
    return {path.name for path in folder.iterdir()}


def test_validate_json(run):
    status, out, err = run("validate map.mrc --claimed 4 --half-maps half1.mrc half2.mrc --json")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert set(VALIDATE_KEYS) <= set(found)
    assert (found["map"], found["box"], found["claimed_A"]) == ("map.mrc", [32, 32, 32], 4.0)
    assert found["version"] == mapres.__version__
    assert sum(found["probabilities"].values()) == pytest.approx(1, abs=1e-3)
    assert found["resolution_A"] >= 3.0
    assert out.count("\n") == 1


def test_validate_prints_a_table(run):
    status, out, err = run("validate map.mrc")
    assert (status, err) == (0, "")
    assert "Resolution" in out and " Å" in out and "Claimed" not in out


def test_validate_with_every_model_is_one_table(run, tiny_models):
    mrc.write("chain.mrc", folded_chain())
    status, out, err = run("validate chain.mrc --claimed 8 --model all")
    assert (status, err) == (0, "")
    lines = dict(line.split(maxsplit=1) for line in out.splitlines() if line[:1].strip())
    assert ["default", "dnn", "cnn"] in [line.split() for line in out.splitlines()]
    assert lines["Class"].split() == ["medium", "medium", "low"]
    assert lines["Resolution"].count("class only") == 2
    verdicts = (
        "consistent ",
        "consistent (from predicted class only)",
        "optimistic (from predicted class only)",
    )
    assert all(verdict in lines["Claimed"] for verdict in verdicts)
    assert out.count("chain.mrc") == 1 and "dnn, cnn: This classifier" in lines["Warning"]


def test_validate_with_every_model_is_one_json_object(run, tiny_models):
    maps = "map.mrc half1.mrc"
    status, out, err = run(f"validate {maps} --model all --json")
    assert (status, err) == (0, "")
    first, second = map(json.loads, out.splitlines())
    assert (first["map"], second["map"]) == ("map.mrc", "half1.mrc")
    assert list(first["models"]) == list(registry.SHIPPED)
    for name, found in first["models"].items():
        assert set(VALIDATE_KEYS) <= set(found)
        assert found == json.loads(run(f"validate map.mrc --model {name} --json")[1])


def test_half_maps_decide_whatever_the_model(run, tiny_models):
    options = "--claimed 4 --half-maps half1.mrc half2.mrc --model all --json"
    found = json.loads(run(f"validate map.mrc {options}")[1])["models"].values()
    assert len({(model["half_map_fsc_A"], model["verdict"]) for model in found}) == 1


def test_a_bad_map_is_one_error_however_many_models(run, tiny_models, folder):
    (folder / "nan.mrc").write_bytes(BAD_MAPS["nan"][0])
    status, out, err = run("validate nan.mrc missing.mrc map.mrc --model all --json")
    assert (status, out.count("\n"), err.count("\n")) == (2, 1, 2)
    assert err.startswith("mapres: nan.mrc holds 1 NaN") and "missing.mrc does not" in err
    assert json.loads(out)["map"] == "map.mrc"


def test_progress_says_which_model_is_at_work(run, tiny_models, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    _, _, err = run("validate map.mrc --model all")
    told = [err.index(f"0% {name}: loading the model") for name in registry.SHIPPED]
    assert told == sorted(told)


def test_validate_many_maps_goes_on_after_a_bad_one(run):
    status, out, err = run("validate map.mrc missing.mrc half1.mrc --json")
    assert status == 2
    assert [json.loads(line)["map"] for line in out.splitlines()] == ["map.mrc", "half1.mrc"]
    assert err == "mapres: missing.mrc does not exist or is not a file.\n"


def test_local_writes_the_map_the_figure_and_json(run, folder):
    before = names(folder)
    status, out, err = run(
        "local map.mrc -o out.mrc.gz --mask mask.mrc --half-maps half1.mrc half2.mrc "
        "--method monores --max-res 12 --step 1 --png fig.png --json"
    )
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert set(LOCAL_KEYS) <= set(found)
    assert (found["map"], found["output"], found["method"]) == ("map.mrc", "out.mrc.gz", "monores")
    assert names(folder) - before == {"out.mrc.gz", "fig.png"}
    assert (folder / "fig.png").read_bytes().startswith(b"\x89PNG")

    given, written = mrc.read("map.mrc"), mrc.read("out.mrc.gz")
    assert written.values.shape == given.values.shape
    assert (written.voxel_size, written.origin) == (given.voxel_size, given.origin)
    assert written.header.label.tolist() == given.header.label.tolist()
    expected = local.local_resolution(
        given,
        mask=mrc.read("mask.mrc"),
        half_maps=(mrc.read("half1.mrc"), mrc.read("half2.mrc")),
        method="monores",
        max_res=12.0,
        step=1.0,
    )
    assert np.array_equal(written.values, expected.values)
    assert found["median_A"] == pytest.approx(expected.median, abs=5e-4)


def test_local_by_blocres_says_what_boxes_it_took(run):
    command = "local map.mrc -o out.mrc --mask mask.mrc --half-maps half1.mrc half2.mrc --json "
    status, out, err = run(command + "--method blocres --stride 2")
    assert (status, err) == (0, "")
    found = json.loads(out)
    assert found["method"] == "blocres" and "one every 2 voxels" in found["notes"][0]
    status, out, _ = run(command + "--method blocres --box-size 18 --cutoff 0.143 --stride 4")
    assert "Boxes of 12 voxels (18 Å)" in json.loads(out)["notes"][0]
    assert json.loads(out)["median_A"] < found["median_A"] + 0.5


def test_local_compares_with_what_another_program_wrote(run, folder):
    assert run("local map.mrc -o other.mrc --method monores --step 2")[0] == 0
    other = mrc.read("other.mrc")
    mrc.write("other.mrc", other.with_values(other.values + 1))
    options = "--method monores --step 2 --compare other.mrc --difference diff.mrc --json"
    status, out, err = run(f"local map.mrc -o out.mrc {options}")
    assert (status, err) == (0, "")
    found = json.loads(out)["compared"]
    assert (found["with"], found["median_difference_A"]) == ("other.mrc", -1.0)
    assert found["spread_A"] == pytest.approx(0, abs=1e-5) and found["voxels"] > 1000
    assert np.allclose(mrc.read("diff.mrc").values, -1, atol=1e-5)
    assert (
        "Difference from other.mrc  median -1.00 Å"
        in run(f"local map.mrc -o out.mrc {options[:-7]}")[1]
    )


def test_local_compares_with_a_method(run):
    halves = "--half-maps half1.mrc half2.mrc --mask mask.mrc"
    found = json.loads(run(f"local map.mrc -o out.mrc {halves} --compare blocres --json")[1])
    assert found["method"] == "mapres" and found["compared"]["with"] == "blocres"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("--difference d.mrc", "give both"),
        ("--compare none.mrc", "does not exist"),
        ("--compare mask.mrc --difference out.mrc", "two outputs"),
        ("--compare half1.mrc --difference half1.mrc", "half1.mrc"),
    ],
)
def test_local_refuses_comparisons_that_cannot_be(run, folder, options, says):
    before = names(folder)
    status, out, err = run(f"local map.mrc -o out.mrc {options}")
    assert (status, out) == (2, "") and says in err
    assert names(folder) == before


def test_local_prints_a_table(run):
    status, out, err = run("local map.mrc -o out.mrc --method monores --step 2")
    assert (status, err) == (0, "")
    assert "MonoRes" in out and "out.mrc" in out


def test_local_may_replace_its_own_earlier_output(run, folder):
    (folder / "out.mrc").write_text("old")
    assert run("local map.mrc -o out.mrc --method monores --step 2")[0] == 0
    assert mrc.read("out.mrc").values.shape == (32, 32, 32)


def test_fsc_of_a_map_with_itself_is_two_voxels(run, folder):
    status, out, err = run("fsc map.mrc map.mrc --png fsc.png --json")
    assert (status, err) == (0, "")
    assert json.loads(out)["resolution_A"] == {"0.143": 3.0, "0.5": 3.0, "half-bit": 3.0}
    assert "same map" in json.loads(out)["warnings"][0]
    assert (folder / "fsc.png").read_bytes().startswith(b"\x89PNG")


def test_fsc_says_what_is_wrong_with_a_pair(run, folder):
    half = mrc.read("half2.mrc")
    mrc.write("turned.mrc", half.with_values(-np.roll(half.values, 2, axis=2)))
    for mask in ("", "--mask mask.mrc"):
        opposite, shifted = json.loads(run(f"fsc half1.mrc turned.mrc {mask} --json")[1])[
            "warnings"
        ]
        assert "turned.mrc has the opposite sign of half1.mrc" in opposite
        assert "by 2, 0, 0 voxels along x, y, z" in shifted


def test_fsc_within_a_mask_is_finer_than_without(run):
    plain, masked = (
        json.loads(run(f"fsc half1.mrc half2.mrc {mask} --json")[1])["resolution_A"]["0.5"]
        for mask in ("", "--mask mask.mrc")
    )
    assert masked <= plain


def test_fsc_of_masked_half_maps_is_labeled_so(run):
    edge = np.linalg.norm(np.indices((32, 32, 32)) - 15.5, axis=0)
    for n in (1, 2):
        half = mrc.read(f"half{n}.mrc")
        mrc.write(f"masked{n}.mrc", half.with_values(np.where(edge < 13, half.values, 4)))
    rows = run("fsc masked1.mrc masked2.mrc")[1]
    assert "that of the half maps (" in rows and "none (includes" not in rows
    found = json.loads(run("fsc masked1.mrc masked2.mrc --json")[1])
    assert found["half_maps_masked"] and "half maps are masked" in " ".join(found["warnings"])
    assert not json.loads(run("fsc half1.mrc half2.mrc --json")[1])["half_maps_masked"]


def test_validate_names_the_mask(run, tiny_models):
    halves = "--half-maps half1.mrc half2.mrc --mask mask.mrc"
    found = json.loads(run(f"validate map.mrc {halves} --json")[1])
    assert found["mask"] == "mask.mrc"
    assert "mask.mrc" in run(f"validate map.mrc {halves}")[1]
    assert json.loads(run("validate map.mrc --json")[1])["mask"] is None
    assert_one_line(
        *run("validate map.mrc half1.mrc --mask mask.mrc"), "--mask requires a single map"
    )


def test_fsc_prints_a_table(run):
    status, out, _ = run("fsc half1.mrc half2.mrc")
    assert status == 0
    assert "FSC 0.143" in out and "half1.mrc, half2.mrc" in out and "same map" not in out


@pytest.mark.parametrize(
    "subcommand",
    [
        "validate map.mrc",
        "local map.mrc -o out.mrc --method monores --step 2",
        "fsc half1.mrc half2.mrc",
    ],
)
def test_threads_are_as_many_as_asked_for(run, monkeypatch, subcommand):
    monkeypatch.setattr(threads, "_cores", lambda: 8)
    monkeypatch.setattr(threads, "_chosen", None)
    assert run(f"{subcommand} --threads 3")[0] == 0
    assert threads.count() == 3


def test_the_number_of_threads_changes_no_answer(folder):
    example = Path(__file__).parents[2] / "examples" / "half1.mrc.gz"
    command = [sys.executable, "-m", "mapres", "validate", str(example), "--json", "--threads"]
    one, two = (
        subprocess.run([*command, number], env=environment(), capture_output=True, check=True)
        for number in "12"
    )
    assert json.loads(one.stdout) == json.loads(two.stdout)


def test_a_voxel_size_of_1_is_set_with_an_option_that_is_named(run):
    examples = Path(__file__).parents[2] / "examples"
    halves = [mapres.read(examples / f"half{k}.mrc.gz") for k in (1, 2)]
    whole = 0.5 * (halves[0].values + halves[1].values)
    mapres.write("mean.mrc", halves[0].with_values(whole))
    status, out, _ = run("validate mean.mrc --voxel-size 1")
    assert status == 0
    assert "has a voxel size of exactly 1 Å" in out and "set --voxel-size to the correct" in out


def test_version(run):
    assert run("--version") == (0, f"mapres {mapres.__version__}\n", "")


@pytest.mark.parametrize("subcommand", ["", "validate", "local", "fsc"])
def test_help_names_every_subcommand_or_option(run, subcommand):
    status, out, _ = run(f"{subcommand} --help")
    assert status == 0
    words = {
        "": ["mapres validate", "mapres local", "mapres fsc", "130"],
        "validate": ["--claimed", "--half-maps", "--model", "--json", *registry.SHIPPED, "all"],
        "local": [
            *("--output", "--mask", "--half-maps", "--method", "--max-res", "--step", "--png"),
            *("blocres", "--box-size", "--stride", "--cutoff"),
            *("resmap", "--false-discovery-rate", "--compare", "--difference"),
        ],
        "fsc": ["HALF1", "HALF2", "--mask", "--png", "--json", "--threads"],
    }
    assert all(word in out for word in words[subcommand])


GOOD = mrc_bytes(BALL.values, cell=(48.0, 48.0, 48.0))
WITH_NAN = BALL.values.copy()
WITH_NAN[0, 0, 0] = np.nan
# Every kind of bad file that the project's list of bad input has, by what the sentence must say.
BAD_MAPS = {
    "missing": (None, "does not exist"),
    "truncated": (GOOD[:-100], "truncated"),
    "truncated gzip": (gzip.compress(GOOD)[:-100], "cannot be read"),
    "truncated bzip2": (bz2.compress(GOOD)[:-100], "cannot be read"),
    "text": (b"no map\n" * 1000, "not an MRC map"),
    "png": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8, "not an MRC map"),
    "empty": (b"", "not an MRC map"),
    "nan": (mrc_bytes(WITH_NAN), "1 NaN or infinite"),
    "constant": (mrc_bytes(np.ones((20, 20, 20))), "constant"),
    "no voxel size": (mrc_bytes(BALL.values, cell=(0, 0, 0)), "voxel size of 0 x 0 x 0"),
    "absurd voxel size": (mrc_bytes(BALL.values, cell=(1e6, 1e6, 1e6)), "voxel size of 3.125e"),
    "not orthogonal": (mrc_bytes(BALL.values, angles=(90, 94, 90)), "non-orthogonal cell"),
    "RGB": (mrc_bytes(np.zeros((20, 20, 20, 3)), 16), "RGB data"),
    "complex": (mrc_bytes(np.zeros((20, 20, 20, 2)), 4), "complex data"),
    "complex short": (mrc_bytes(np.zeros((20, 20, 20, 2)), 3), "complex data"),
    "small": (mrc_bytes(BALL.values[:15]), "at least 16"),
}


def assert_one_line(status, out, err, words):
    assert status == 2
    assert out == ""
    assert err.startswith("mapres: ") and err.count("\n") == 1 and err.endswith("\n")
    assert words in err


@pytest.mark.parametrize("subcommand", ["validate bad", "local bad -o out.mrc", "fsc bad bad"])
@pytest.mark.parametrize("kind", BAD_MAPS)
def test_bad_maps(run, folder, subcommand, kind):
    content, words = BAD_MAPS[kind]
    if content is not None:
        (folder / "bad").write_bytes(content)
    before = names(folder)
    assert_one_line(*run(subcommand + " --json"), words)
    assert names(folder) == before


@pytest.mark.parametrize(
    "command",
    [
        "local map.mrc -o out.mrc --mask other.mrc",
        "local map.mrc -o out.mrc --half-maps half1.mrc other.mrc",
        "validate map.mrc --half-maps other.mrc half2.mrc",
        "fsc half1.mrc other.mrc",
        "fsc half1.mrc half2.mrc --mask other.mrc",
    ],
)
@pytest.mark.parametrize("change", ["box", "voxel size", "place"])
def test_masks_and_half_maps_on_another_grid(run, command, change):
    other = {
        "box": dataclasses.replace(BALL, values=BALL.values[:-1]),
        "voxel size": dataclasses.replace(BALL, voxel_size=(1.4, 1.4, 1.4)),
        "place": dataclasses.replace(BALL, origin=(30.0, 0.0, 0.0)),
    }[change]
    mrc.write("other.mrc", other)
    assert_one_line(*run(command), "same grid")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("local map.mrc -o missing/out.mrc", "missing does not exist"),
        ("local map.mrc -o map.mrc/out.mrc", "map.mrc does not exist"),
        ("local map.mrc -o /proc/out.mrc", "cannot write in /proc"),
        ("local map.mrc -o .", "is a folder"),
        ("local map.mrc -o /dev/null", "is not a regular file"),
        ("local map.mrc -o map.mrc", "is one of the inputs"),
        ("local map.mrc -o ../{folder}/map.mrc", "is one of the inputs"),
        ("local map.mrc -o mask.mrc --mask mask.mrc", "is one of the inputs"),
        ("local map.mrc -o half2.mrc --half-maps half1.mrc half2.mrc", "is one of the inputs"),
        ("local map.mrc -o out.mrc --png out.mrc", "choose different names"),
        ("local map.mrc -o out.mrc --png missing/fig.png", "missing does not exist"),
        ("fsc half1.mrc half2.mrc --png half1.mrc", "is one of the inputs"),
        ("fsc half1.mrc half2.mrc --png missing/fig.png", "missing does not exist"),
    ],
)
def test_outputs_are_refused_before_anything_is_computed(run, folder, monkeypatch, command, words):
    def never(path):
        raise AssertionError(f"{path} was read")

    monkeypatch.setattr(mrc, "read", never)
    before = names(folder)
    assert_one_line(*run(command.format(folder=folder.name)), words)
    assert names(folder) == before


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("", "SUBCOMMAND"),
        ("nonsense", "nonsense"),
        ("validate", "MAP"),
        ("validate map.mrc --claimed 0", "'0'"),
        ("validate map.mrc --claimed -3", "'-3'"),
        ("validate map.mrc --claimed nan", "'nan'"),
        ("validate map.mrc --claimed inf", "'inf'"),
        ("validate map.mrc --claimed 3,2", "'3,2'"),
        ("validate map.mrc --model nonsense", "nonsense"),
        ("validate map.mrc half1.mrc --half-maps half1.mrc half2.mrc", "one map at a time"),
        ("local map.mrc", "--output"),
        ("local map.mrc -o out.mrc --method nonsense", "nonsense"),
        ("local map.mrc -o out.mrc --max-res x", "'x'"),
        ("local map.mrc -o out.mrc --method monores --max-res 1", "2 voxels"),
        ("local map.mrc -o out.mrc --max-res 12", "--max-res requires method monores or resmap"),
        ("local map.mrc -o out.mrc --step 0", "'0'"),
        ("local map.mrc -o out.mrc --stride 0", "'0'"),
        ("local map.mrc -o out.mrc --stride 1.5", "'1.5'"),
        ("local map.mrc -o out.mrc --stride 2", "requires method blocres"),
        ("local map.mrc -o out.mrc --method blocres --step 1", "requires method monores or resmap"),
        ("local map.mrc -o out.mrc --method blocres", "half maps"),
        ("local map.mrc -o out.mrc --half-maps half1.mrc", "--half-maps"),
        ("fsc half1.mrc", "HALF2"),
        ("fsc half1.mrc half2.mrc --threads 0", "must be a whole number above 0, not '0'"),
        ("validate map.mrc --threads -1", "--threads"),
        ("local map.mrc -o out.mrc --threads 1.5", "not '1.5'"),
    ],
)
def test_bad_options(run, command, words):
    assert_one_line(*run(command), words)


def test_altered_weights_are_refused(run, folder):
    for name in ("default.json", "default.onnx"):
        shutil.copy(registry.FOLDER / name, folder / name)
    content = bytearray((folder / "default.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "default.onnx").write_bytes(content)
    assert_one_line(*run("validate map.mrc --model default.json"), "their sha256 differs")


def test_no_matplotlib_is_told_before_anything_is_computed(run, monkeypatch, folder):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    assert_one_line(*run("local map.mrc -o out.mrc --png fig.png"), "install it")
    assert "out.mrc" not in names(folder)


def test_lack_of_memory_is_one_line(run, monkeypatch):
    def full(*args, **options):
        raise MemoryError

    monkeypatch.setattr(local, "local_resolution", full)
    assert_one_line(*run("local map.mrc -o out.mrc"), "not enough memory")


def test_messages_of_several_lines_become_one(run, monkeypatch):
    def fail(*args, **options):
        raise MapContentError("one\n  two")

    monkeypatch.setattr(local, "local_resolution", fail)
    assert run("local map.mrc -o out.mrc")[2] == "mapres: one two\n"


def test_libraries_that_print_do_not_get_into_the_output(run, monkeypatch):
    original = local.local_resolution

    def noisy(*args, **options):
        print("a library says hello")
        return original(*args, **options)

    monkeypatch.setattr(local, "local_resolution", noisy)
    status, out, err = run("local map.mrc -o out.mrc --method monores --step 2 --json")
    assert status == 0
    assert json.loads(out)["map"] == "map.mrc"
    assert err == "a library says hello\n"


def test_progress_is_one_line_rewritten_and_cleared(run, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    status, out, err = run("local map.mrc -o out.mrc --method monores --step 2")
    assert status == 0 and "MonoRes" in out
    assert "\n" not in err and err.count("\r") > 3
    assert " 0% " in err and err.endswith("\r\x1b[K")


def test_control_c_is_status_130(run, monkeypatch):
    def interrupted(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(local, "local_resolution", interrupted)
    assert run("local map.mrc -o out.mrc") == (130, "", "mapres: interrupted\n")


def environment(**more):
    path = os.pathsep.join([os.path.dirname(os.path.dirname(mapres.__file__)), *sys.path])
    return {**os.environ, "PYTHONPATH": path, **more}


def test_as_a_program_in_a_pipe_without_unicode(folder):
    done = subprocess.run(
        [sys.executable, "-m", "mapres", "fsc", "half1.mrc", "half2.mrc"],
        env=environment(PYTHONIOENCODING="ascii"),
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Voxel size    1.5 ?" in done.stdout


def test_a_terminal_sees_progress_and_control_c_leaves_nothing(folder):
    before = names(folder)
    rng = np.random.default_rng(0)
    big = np.pad(BALL.values, 24) + 0.1 * rng.standard_normal((80, 80, 80))
    mrc.write("big.mrc", dataclasses.replace(BALL, values=big.astype(np.float32)))
    terminal, its_end = pty.openpty()
    program = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "mapres",
            "local",
            "big.mrc",
            "-o",
            "out.mrc",
            "--method",
            "monores",
            "--step",
            "0.01",
        ],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=its_end,
        # A job in the background ignores the signal, and so would its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    os.close(its_end)
    seen = b""
    while seen.count(b"%") < 5:
        seen += os.read(terminal, 1000)
    program.send_signal(signal.SIGINT)
    out, _ = program.communicate(timeout=30)
    # What was written before the end can still be read.
    while not seen.endswith(b"interrupted\r\n"):
        seen += os.read(terminal, 1000)
    os.close(terminal)
    assert (program.returncode, out) == (130, b"")
    assert b"Traceback" not in seen
    assert names(folder) == before | {"big.mrc"}
