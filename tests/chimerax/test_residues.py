"""``localres #1 atoms #2``: the residues' attribute, the log's tables and the CSV file."""

import csv
import json
import re
from itertools import pairwise

import numpy as np
import pytest
from scenes import blobs, open_array, refusal

# Å, of one residue to the next.
STEP = 3.8


@pytest.fixture(scope="module", autouse=True)
def select(whole_session):
    """The library carries no metadata for its own bundles: this command is registered by hand."""
    from chimerax.std_commands.select import register_command

    register_command(whole_session.logger)


@pytest.fixture
def chain(session):
    """Two chains of ten residues, a peptide's backbone each, through the middle of `small_map`."""
    from chimerax.atomic import AtomicStructure

    model = AtomicStructure(session, name="chain")
    for number, name in enumerate("AB"):
        before = None
        for k in range(10):
            residue = model.new_residue("ALA", name, k + 1)
            start = np.array([48.0 + STEP * k, 20.0 + 4 * number, 78.0])
            before = _backbone(model, residue, start, before)
    session.models.add([model])
    return model


def _backbone(model, residue, start, before):
    atoms = []
    for k, (name, element) in enumerate((("N", "N"), ("CA", "C"), ("C", "C"))):
        atom = model.new_atom(name, element)
        atom.coord = start + np.array([STEP / 3 * k, 0, 0])
        residue.add_atom(atom)
        atoms.append(atom)
    bonded = [before, *atoms] if before else atoms
    for first, second in pairwise(bonded):
        model.new_bond(first, second)
    return atoms[-1]


def test_residues_get_what_the_volume_has_at_their_atoms(do, small_map, chain):
    from chimerax.geometry import Place

    volume = do("localres #1 atoms #2")
    for residue in chain.residues:
        expected = volume.interpolated_values(residue.atoms.scene_coords, Place())
        assert residue.local_resolution == pytest.approx(expected.mean(), rel=0.02)


def test_chimeraxs_own_commands_use_the_attribute(session, do, small_map, chain):
    from chimerax.atomic import selected_residues

    do("localres #1 atoms #2/A")
    values = np.array([r.local_resolution for r in chain.residues[:10]])
    middle = float(np.median(values))
    do(f"select ::local_resolution>{middle}")
    assert set(selected_residues(session)) == set(chain.residues[:10][values > middle])
    assert not hasattr(chain.residues[15], "local_resolution")


def test_moved_together_nothing_changes_moved_apart_is_said(do, small_map, chain):
    do("localres #1 atoms #2 key false")
    before = [r.local_resolution for r in chain.residues]
    do("turn y 50 models #1,2")
    do("localres #1 atoms #2 key false")
    assert [r.local_resolution for r in chain.residues] == pytest.approx(before, rel=1e-3)
    do("move x 500 models #2")
    told = refusal(do, "localres #1 atoms #2")
    assert "no atom lies in the measured part" in told and "fitmap" in told


def test_log_tells_chains_and_links_to_the_worst(session, do, small_map, chain):
    from chimerax.core.logger import HtmlLog

    class Kept(HtmlLog):
        def log(self, level, message, image_info, is_html):
            said.append(message)
            return True

    said, kept = [], Kept()
    session.logger.add_log(kept)
    do("localres #1 atoms #2")
    session.logger.remove_log(kept)
    html = " ".join(said)
    links = re.findall(r'href="cxcmd:(select [^;"]+); view sel"', html)
    assert "select #2/A" in links and "select #2/B" in links
    stretches = [link for link in links if "-" in link]
    do(stretches[0])
    from chimerax.atomic import selected_residues

    assert len(selected_residues(session)) == 7


def test_table_and_json_tell_the_same(do, small_map, chain, tmp_path):
    path = tmp_path / "residues.csv"
    answer = do(f'localres #1 atoms #2 atomsFile "{path}"', return_json=True)
    with open(path, newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["chain"] for row in rows] == ["A"] * 10 + ["B"] * 10
    assert [float(r["mean_A"]) for r in rows] == pytest.approx(
        [residue.local_resolution for residue in chain.residues], abs=1e-3
    )
    summary = json.loads(answer.json_value)["atoms"]
    assert summary["residues"] == 20 and summary["atoms_measured"] == 1
    assert summary["worst"][0]["residues"].startswith("#2/")


def test_refusals_name_the_remedy(session, do, small_map, chain, tmp_path):
    assert "give atoms" in refusal(do, f'localres #1 atomsFile "{tmp_path / "a.csv"}"')
    open_array(session, blobs())
    assert "one map at a time" in refusal(do, "localres #1,3 atoms #2")
    path = tmp_path / "none" / "a.csv"
    assert "folder" in refusal(do, f'localres #1 atoms #2 atomsFile "{path}"')
