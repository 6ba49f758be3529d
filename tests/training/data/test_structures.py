"""Structures read from files and from the packed set."""

from pathlib import Path

import gemmi
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from training.data.structures import find, from_file, from_packed, rotated, rows

SPLITS = Path(__file__).parents[3] / "training" / "splits" / "structures.tsv"


@pytest.fixture
def pdb_file(tmp_path):
    structure = gemmi.Structure()
    structure.add_model(gemmi.Model(1))
    chain = gemmi.Chain("A")
    for number, (name, element, het) in enumerate(
        [("ALA", "C", "A"), ("GLY", "N", "A"), ("HOH", "O", "H")]
    ):
        residue = gemmi.Residue()
        residue.name, residue.seqid, residue.het_flag = name, gemmi.SeqId(number + 1, " "), het
        atom = gemmi.Atom()
        atom.name, atom.element, atom.b_iso = element, gemmi.Element(element), 20.0
        atom.pos = gemmi.Position(1.0 * number, 2.0, 3.0)
        residue.add_atom(atom)
        chain.add_residue(residue)
    structure[0].add_chain(chain)
    path = tmp_path / "small.pdb"
    structure.write_pdb(str(path))
    return path


def test_pdb_file_without_hetatms(pdb_file):
    structure = from_file(pdb_file)
    assert structure.atomic_number.tolist() == [6, 7]
    assert structure.xyz.tolist() == [[-0.5, 0, 0], [0.5, 0, 0]]  # centered
    assert structure.b_factor.tolist() == [20, 20]
    assert len(from_file(pdb_file, hetatms=True).xyz) == 3


def test_mmcif_is_read_like_pdb(pdb_file, tmp_path):
    gemmi.read_structure(str(pdb_file)).make_mmcif_document().write_file(str(tmp_path / "s.cif"))
    before, after = from_file(pdb_file), from_file(tmp_path / "s.cif")
    assert np.allclose(before.xyz, after.xyz)
    assert before.atomic_number.tolist() == after.atomic_number.tolist()


def test_neither_file_nor_id_is_said(tmp_path):
    (tmp_path / "structures.tsv").write_text("id\tset\nA\tchain\n")
    with pytest.raises(ValueError, match="neither a file nor an id"):
        find("nothing", tmp_path)


def test_rotation_keeps_distances(ball):
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
    turned = rotated(ball, turn)
    for k in (1, 5, 100):
        before = np.linalg.norm(ball.xyz[0] - ball.xyz[k])
        assert np.linalg.norm(turned.xyz[0] - turned.xyz[k]) == pytest.approx(before, rel=1e-4)


def test_rotation_keeps_the_molecule_in_the_middle(ball):
    turned = rotated(ball, Rotation.random(random_state=3).as_matrix())
    assert np.allclose(turned.xyz.max(axis=0), -turned.xyz.min(axis=0), atol=1e-3)


def test_packed_structure_is_a_protein(shared_data):
    row = rows(shared_data / "structures.tsv", set="chain", split="test")[3]
    structure = from_packed(shared_data / "structures.h5", int(row["index"]))
    assert structure.id == row["id"] and len(structure.xyz) == int(row["n_atoms"])
    assert np.allclose(structure.xyz.mean(axis=0), 0, atol=0.05)
    nearest = np.sort(np.linalg.norm(structure.xyz[:200, None] - structure.xyz, axis=2), axis=1)
    # A heavy atom's nearest neighbor is a covalent bond away.
    assert np.median(nearest[:, 1]) == pytest.approx(1.4, abs=0.15)


def test_no_cluster_is_in_two_splits():
    splits: dict[str, set[str]] = {}
    for row in rows(SPLITS):
        if row["set"] != "complex":
            splits.setdefault(row["cluster40"], set()).add(row["split"])
    assert len(splits) > 10_000 and all(len(found) == 1 for found in splits.values())


def test_the_list_of_splits_is_that_of_the_data(shared_data):
    listed = [(row["id"], row["split"], row["cluster40"]) for row in rows(SPLITS)]
    data = rows(shared_data / "structures.tsv")
    assert listed == [(row["id"], row["split"], row["cluster40"]) for row in data]
