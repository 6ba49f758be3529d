"""Structures read from files and from the packed set."""

import gemmi
import numpy as np
import pytest

from training.structures import find, from_file, from_packed, rotated, rows


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
    assert structure.xyz.tolist() == [[0, 2, 3], [1, 2, 3]]
    assert structure.b_factor.tolist() == [20, 20]
    assert len(from_file(pdb_file, hetatms=True).xyz) == 3


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


def test_packed_structure_is_a_protein(shared_data):
    row = rows(shared_data / "structures.tsv", set="chain", split="test")[3]
    structure = from_packed(shared_data / "structures.h5", int(row["index"]))
    assert structure.id == row["id"] and len(structure.xyz) == int(row["n_atoms"])
    assert np.allclose(structure.xyz.mean(axis=0), 0, atol=0.05)
    nearest = np.sort(np.linalg.norm(structure.xyz[:200, None] - structure.xyz, axis=2), axis=1)
    # A heavy atom's nearest neighbour is a covalent bond away.
    assert np.median(nearest[:, 1]) == pytest.approx(1.4, abs=0.15)


def test_no_cluster_is_in_two_splits(shared_data):
    splits: dict[str, set[str]] = {}
    for row in rows(shared_data / "structures.tsv"):
        if row["set"] != "complex":
            splits.setdefault(row["cluster40"], set()).add(row["split"])
    assert all(len(found) == 1 for found in splits.values())
