"""``localres #1 atoms #2``: the residues' attribute, the log's tables and the CSV file."""

import csv
import json
import re
from html import unescape
from itertools import pairwise

import numpy as np
import pytest
from scenes import blobs, open_array, refusal

LINK = r'href="cxcmd:(select .+?); view sel"'
# Å, of one residue to the next.
STEP = 3.8


@pytest.fixture(scope="module", autouse=True)
def commands(whole_session):
    """The library carries no metadata for its own bundles: these are registered by hand."""
    from chimerax.std_commands import color, select

    for module in (select, color):
        module.register_command(whole_session.logger)


@pytest.fixture
def chain(session):
    """Two chains of ten residues, a peptide's backbone each, through the middle of `small_map`."""
    return open_chains(session, {"A": range(1, 11), "B": range(1, 11)})


def open_chains(session, numbers):
    from chimerax.atomic import AtomicStructure

    model = AtomicStructure(session, name="chains")
    for height, (name, mine) in enumerate(numbers.items()):
        before = None
        for k, number in enumerate(mine):
            residue = model.new_residue("ALA", name, number)
            start = np.array([48.0 + STEP * k, 20.0 + 4 * height, 78.0])
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

    volume = do("localres #1 method monores atoms #2")
    for residue in chain.residues:
        expected = volume.interpolated_values(residue.atoms.scene_coords, Place())
        assert residue.local_resolution == pytest.approx(expected.mean(), rel=1e-4)


def test_chimeraxs_own_commands_use_the_attribute(session, do, small_map, chain):
    from chimerax.atomic import selected_residues

    do("localres #1 method monores atoms #2/A")
    values = np.array([r.local_resolution for r in chain.residues[:10]])
    middle = float(np.median(values))
    do(f"select ::local_resolution>{middle}")
    assert set(selected_residues(session)) == set(chain.residues[:10][values > middle])
    assert not hasattr(chain.residues[15], "local_resolution")


def test_residues_are_colored_by_the_attribute(do, small_map, chain):
    do("localres #1 method monores atoms #2")
    do("color byattribute r:local_resolution #2 palette blue:red target c")
    values = np.array([r.local_resolution for r in chain.residues])
    red = np.array([r.ribbon_color[0] for r in chain.residues], dtype=float)
    assert np.corrcoef(values, red)[0, 1] > 0.99


def test_the_attribute_is_saved_and_read_again(session, do, small_map, chain, tmp_path):
    from chimerax.std_commands.defattr import defattr, write_defattr

    do("localres #1 method monores atoms #2/A")
    before = {r: r.local_resolution for r in chain.residues[:10]}
    path = tmp_path / "chain.defattr"
    write_defattr(session, str(path), models=[chain], attr_name="r:local_resolution")
    for residue in before:
        del residue.local_resolution
    defattr(session, str(path), log=False)
    for residue, value in before.items():
        assert residue.local_resolution == pytest.approx(value, abs=0.01)
    assert not hasattr(chain.residues[15], "local_resolution")


def test_moved_together_nothing_changes_moved_apart_is_logged(do, small_map, chain):
    do("localres #1 method monores atoms #2 key false")
    before = [r.local_resolution for r in chain.residues]
    do("turn y 50 models #1,2")
    do("localres #1 method monores atoms #2 key false")
    assert [r.local_resolution for r in chain.residues] == pytest.approx(before, rel=1e-3)
    do("move x 500 models #2")
    message = refusal(do, "localres #1 method monores atoms #2")
    assert "no atom lies where the map has a resolution" in message and "fitmap" in message


def test_what_moved_out_loses_its_value_and_that_is_logged(do, small_map, chain, log):
    do("localres #1 method monores atoms #2 key false")
    assert all(hasattr(residue, "local_resolution") for residue in chain.residues)
    for residue in chain.residues[5:]:
        residue.atoms.coords += np.array([0.0, 400.0, 0.0])
    do("localres #1 method monores atoms #2 key false")
    has = [hasattr(residue, "local_resolution") for residue in chain.residues]
    assert has == [True] * 5 + [False] * 15
    assert "Only 25% of the atoms" in log.getvalue() and "outside" in log.getvalue()


@pytest.fixture
def links(session):
    """Return a function that runs a command and returns the selections that its log links to."""
    from chimerax.core.logger import HtmlLog

    class Kept(HtmlLog):
        def log(self, level, message, image_info, is_html):
            logged.append(message)
            return True

    logged = []

    def links_of(do, command):
        kept = Kept()
        session.logger.add_log(kept)
        do(command)
        session.logger.remove_log(kept)
        return [unescape(link) for link in re.findall(LINK, " ".join(logged))]

    return links_of


def test_links_select_just_what_they_name(session, do, small_map, chain, links):
    from chimerax.atomic import selected_residues

    found = links(do, "localres #1 method monores atoms #2")
    assert "select #2/A" in found and "select #2/B" in found
    stretch = next(link for link in found if "-" in link)
    do(stretch)
    assert len(selected_residues(session)) == 7
    do("select #2/A")
    assert set(selected_residues(session)) == set(chain.residues[:10])


def test_no_stretch_spans_a_gap(session, do, small_map, links):
    from chimerax.atomic import selected_residues

    model = open_chains(session, {"A": [1, 2, 3, 100, 101, 102, 103, 104, 105]})
    stretches = [link for link in links(do, "localres #1 method monores atoms #2") if "-" in link]
    assert stretches
    for stretch in stretches:
        do(stretch)
        assert len(selected_residues(session)) in (3, 6)
    assert model.num_residues == 9


def test_odd_chains_are_linked_to(session, do, small_map, links):
    from chimerax.atomic import selected_residues

    open_chains(session, {" ": range(1, 6), "A-2": range(1, 6)})
    open_chains(session, {"A": range(1, 6)})
    found = links(do, "localres #1 method monores atoms #2,3 key false")
    chains = [link for link in found if ":" not in link]
    assert len(chains) == 3
    for chain in chains:
        do(chain)
        assert len(selected_residues(session)) == 5


def test_table_and_json_tell_the_same(do, small_map, chain, tmp_path):
    path = tmp_path / "residues.csv"
    returned = do(f'localres #1 method monores atoms #2 residueTable "{path}"', return_json=True)
    with open(path, newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["chain"] for row in rows] == ["A"] * 10 + ["B"] * 10
    assert [float(r["mean_A"]) for r in rows] == pytest.approx(
        [residue.local_resolution for residue in chain.residues], abs=1e-3
    )
    summary = json.loads(returned.json_value)["atoms"]
    assert summary["residues"] == 20 and summary["atoms_measured"] == 1
    assert summary["worst"][0]["residues"].startswith("#2/")


def test_refusals_name_the_remedy_and_leave_nothing(session, do, small_map, chain, tmp_path):
    before = session.models.list()
    assert "requires atoms" in refusal(do, f'localres #1 residueTable "{tmp_path / "a.csv"}"')
    path = tmp_path / "none" / "a.csv"
    assert "folder" in refusal(do, f'localres #1 method monores atoms #2 residueTable "{path}"')
    assert "no atom" in refusal(do, "localres #1 atoms #2/Z")
    assert session.models.list() == before
    assert not any(hasattr(residue, "local_resolution") for residue in chain.residues)
    open_array(session, blobs())
    assert "one map at a time" in refusal(do, "localres #1,3 atoms #2")
