"""Every script of `examples`, run as a user runs it on the maps beside it, gives what it says."""

import csv
import importlib.util
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import mapres

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples"
HALVES = [str(EXAMPLES / f"half{number}.mrc.gz") for number in (1, 2)]
TRUTH = EXAMPLES / "truth.mrc.gz"
IN_CHIMERAX = """
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
import headless

session = headless.start(Path("session"))
session.logger.add_log(headless.printed_log())
from chimerax.core.commands import run

run(session, f'runscript "{sys.argv[2]}" mean.mrc results 4.4')
session.triggers.activate_trigger("app quit", None)
"""

needs_chimerax = pytest.mark.skipif(
    importlib.util.find_spec("chimerax") is None, reason="ChimeraX is not installed"
)


@pytest.fixture(scope="module")
def mean():
    """The mean of the half maps."""
    first, second = map(mapres.read, HALVES)
    return first.with_values((first.values + second.values) / 2, "mean.mrc")


@pytest.fixture(scope="module")
def local(mean):
    """Its local resolution, from the half maps too."""
    return mapres.local_resolution(mean, half_maps=tuple(map(mapres.read, HALVES)))


@pytest.fixture
def run(tmp_path):
    """Run a script in an empty folder; return what it prints."""

    def run(script, *arguments):
        command = [sys.executable, str(EXAMPLES / script), *map(str, arguments)]
        return output_of(command, tmp_path)

    return run


def output_of(command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def after(label, text):
    """Return the number that follows a label."""
    return float(text.partition(label)[2].split()[0])


def test_a_folder_is_validated_and_a_bad_file_does_not_stop_the_rest(run, tmp_path, mean):
    maps = tmp_path / "maps"
    maps.mkdir()
    for half in HALVES:
        shutil.copy(half, maps)
    mapres.write(maps / "mean.mrc", mean)
    mapres.write(maps / "unclaimed.mrc", mean)
    (maps / "broken.mrc").write_text("no map")
    (tmp_path / "claims.csv").write_text(
        "map,claimed,half1,half2\nmissing.mrc,3\nbroken.mrc,3,,\n"
        "mean.mrc,4.4,half1.mrc.gz,half2.mrc.gz\nmean.mrc,3.1\nmean.mrc,4.4,half1.mrc.gz\n"
    )
    printed = run("validate_folder.py", "maps", "claims.csv", "results.csv")
    with open(tmp_path / "results.csv", newline="", encoding="utf-8") as stream:
        missing, broken, halves, optimistic, one_half, unclaimed = csv.DictReader(stream)
    for row, name in ((missing, "missing.mrc"), (broken, "broken.mrc"), (one_half, "maps")):
        assert row["verdict"] == "" and row["remarks"].startswith("Error: ")
        assert name in row["remarks"]
    assert halves["verdict"] == "consistent"
    assert float(halves["half_map_fsc"]) == pytest.approx(4.62, abs=0.02)
    assert (optimistic["verdict"], optimistic["half_map_fsc"]) == ("optimistic", "")
    assert (unclaimed["map"], unclaimed["verdict"]) == ("unclaimed.mrc", "")
    resolution = mapres.validate(mean).resolution
    for row in (halves, optimistic, unclaimed):
        assert float(row["resolution"]) == pytest.approx(resolution, abs=0.006)
        assert float(row["from"]) < resolution < float(row["to"])
    assert printed.count("\n") == 6


def test_local_resolution_with_half_maps_is_written_and_drawn(run, tmp_path, local):
    printed = run("local_with_half_maps.py", *HALVES, "out.mrc", "figure.png")
    written = mapres.read(tmp_path / "out.mrc")
    np.testing.assert_allclose(written.values, local.values, atol=1e-5)
    assert written.voxel_size == (1.5, 1.5, 1.5)
    half_widths = mapres.read(tmp_path / "out-uncertainty.mrc").values
    np.testing.assert_allclose(half_widths, local.uncertainty, atol=1e-5)
    assert after("median", printed) == pytest.approx(local.median, abs=0.006)
    # What the simulated pair was made with: see examples/README.md.
    assert after("FSC = 0.143 at", printed) == pytest.approx(4.62, abs=0.05)
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_chains_have_the_mean_and_the_worst_of_the_map_at_their_residues(
    run, tmp_path, mean, local
):
    gemmi = pytest.importorskip("gemmi")
    truth = np.where(local.resolved > 0, mapres.read(TRUTH).values, np.nan)
    low, high = np.nanpercentile(truth, [2, 97])
    places = {
        "fine": np.argwhere(truth <= low)[::20],
        "coarse": np.argwhere(truth >= high)[::20],
        "away": np.array([[0, 0, 0]]),
    }
    write_model(gemmi, tmp_path / "model.cif", places)
    mapres.write(tmp_path / "mean.mrc", mean)
    lines = run("chain_table.py", "model.cif", "mean.mrc", *HALVES).splitlines()
    table = {line.split()[0]: line.split()[1:] for line in lines[1:4]}
    assert table["away"] == ["1", "0", "-", "-", "-"]
    for name in ("fine", "coarse"):
        expected = local.values[tuple(places[name].T)]
        residues, in_map, average, worst, residue = table[name]
        assert int(residues) == int(in_map) == len(expected)
        assert float(average) == pytest.approx(expected.mean(), abs=0.006)
        assert float(worst) == pytest.approx(expected.max(), abs=0.006)
        assert residue == f"ALA{expected.argmax() + 1}"
    assert float(table["coarse"][2]) > float(table["fine"][2]) + 0.5


def write_model(gemmi, path, places):
    """Write chains of a residue of one atom at each voxel, and a water that must not count."""
    model = gemmi.Model("1")
    for name, voxels in places.items():
        chain = gemmi.Chain(name)
        for number, voxel in enumerate(voxels, 1):
            chain.add_residue(one_atom(gemmi, "ALA", number, "CA", 1.5 * voxel[::-1]))
        chain.add_residue(one_atom(gemmi, "HOH", 9000, "O", (0, 0, 0)))
        model.add_chain(chain)
    structure = gemmi.Structure()
    structure.add_model(model)
    structure.make_mmcif_document().write_file(str(path))


def one_atom(gemmi, name, number, atom_name, xyz):
    residue, atom = gemmi.Residue(), gemmi.Atom()
    residue.name, residue.seqid = name, gemmi.SeqId(number, " ")
    atom.name, atom.element, atom.pos = atom_name, gemmi.Element(atom_name[0]), gemmi.Position(*xyz)
    residue.add_atom(atom)
    return residue


def test_the_difference_from_another_program_is_told_and_written(run, tmp_path, local):
    printed = run("compare_with_relion.py", *HALVES, TRUTH, "difference.mrc")
    truth = mapres.read(TRUTH).values
    both = (local.resolved > 0) & (truth > 0)
    difference = mapres.read(tmp_path / "difference.mrc").values
    np.testing.assert_allclose(difference[both], (local.values - truth)[both], atol=1e-5)
    assert after("voxels compared", printed) == both.sum()
    assert after("median difference", printed) == pytest.approx(
        np.median(difference[both]), abs=0.006
    )
    assert after("correlation", printed) == pytest.approx(
        np.corrcoef(local.values[both], truth[both])[0, 1], abs=0.006
    )
    assert printed.count("median of MapRes") == 5


@needs_chimerax
def test_both_commands_run_in_chimerax_without_a_window(tmp_path, mean):
    mapres.write(tmp_path / "mean.mrc", mean)
    script = EXAMPLES / "headless_chimerax.py"
    command = [sys.executable, "-c", IN_CHIMERAX, str(ROOT / "tools"), str(script)]
    printed = output_of(command, tmp_path)
    results = tmp_path / "results"
    validation = json.loads((results / "validation.json").read_text())
    assert (validation["claimed_A"], validation["verdict"]) == (4.4, "consistent")
    written = mapres.read(results / "local.mrc")
    expected = mapres.local_resolution(mean).values
    np.testing.assert_allclose(written.values, expected, atol=1e-3)
    assert (results / "surface.glb").read_bytes().startswith(b"glTF")
    assert (results / "local.png").read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert f"global {validation['resolution_A']:.2f} Å" in printed
