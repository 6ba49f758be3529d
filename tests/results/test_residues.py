"""Residues: laws of the means, of what lies outside, and of the stretches."""

import csv
from dataclasses import replace

import numpy as np
import pytest

from mapres.errors import MapContentError, OutputError
from mapres.local.resolution import LocalResolution
from mapres.results.residues import (
    COLUMNS,
    FEW,
    STRETCH,
    residue_resolution,
    worst_stretches,
    write_residues,
)


@pytest.fixture
def ramp():
    """A resolution of 3 Å and 0.1 Å more with every voxel along z; measured in the middle."""
    values = np.broadcast_to(3 + 0.1 * np.arange(20.0, dtype=np.float32)[:, None, None], (20,) * 3)
    mask = np.zeros((20,) * 3, dtype=bool)
    mask[2:18, 2:18, 2:18] = True
    return LocalResolution(values.copy(), mask=mask, method="monores", seconds=0.0)


def test_means_are_those_of_the_place_whatever_the_atoms(ramp, rng):
    places = rng.uniform(3, 16, (60, 3))
    residues = np.repeat(np.arange(12), 5)
    found = residue_resolution(ramp, places, residues)
    heights = places[:, 0].reshape(12, 5)
    np.testing.assert_allclose(found.mean, 3 + 0.1 * heights.mean(axis=1), rtol=1e-5)
    np.testing.assert_allclose(found.worst, 3 + 0.1 * heights.max(axis=1), rtol=1e-5)
    order = rng.permutation(60)
    again = residue_resolution(ramp, places[order], residues[order])
    np.testing.assert_allclose(again.mean, found.mean)
    assert found.fraction == 1 and found.known.all()


def test_atoms_outside_do_not_count(ramp):
    places = np.array([[5.0, 5, 5], [0, 0, 0], [-40, 5, 5], [19.4, 19.4, 19.4]])
    found = residue_resolution(ramp, places, np.array([0, 0, 1, 1]))
    assert found.mean[0] == pytest.approx(3.5) and np.isnan(found.mean[1])
    assert found.measured.tolist() == [1, 0] and found.atoms.tolist() == [2, 2]
    assert found.known.tolist() == [True, False] and found.fraction == 0.25
    with pytest.raises(MapContentError, match="fitmap"):
        residue_resolution(ramp, places[1:], np.array([0, 1, 1]))


def test_what_only_stands_for_unresolved_does_not_count(ramp, rng):
    """Not even as a neighbor of what is."""
    places = rng.uniform(3, 8, (40, 3))
    residues = np.repeat(np.arange(8), 5)
    expected = residue_resolution(ramp, places, residues)
    beyond = np.zeros((20,) * 3, dtype=bool)
    beyond[9:] = True
    values = np.where(beyond, np.float32(200), ramp.values)
    blocked = replace(ramp, values=values, beyond=beyond)
    # Those voxels take the nearest resolved value, that of z = 8.
    found = residue_resolution(blocked, places, residues)
    np.testing.assert_allclose(found.mean, expected.mean, rtol=1e-5)
    with pytest.raises(MapContentError, match="no atom"):
        residue_resolution(blocked, np.full((3, 3), 12.0), np.zeros(3, dtype=int))


def test_worst_stretches_are_apart_coarse_and_of_one_chain(rng):
    mean = rng.uniform(3, 4, 300)
    chains = np.repeat([0, 1, 2], 100)
    mean[40:50], mean[196:204] = 9, 8
    found = worst_stretches(mean, chains)
    assert len(found) == FEW
    assert [s.mean for s in found] == sorted((s.mean for s in found), reverse=True)
    assert found[0].mean == pytest.approx(9)
    assert found[0].start >= 40 and found[0].stop <= 50
    covered = np.zeros(300, dtype=int)
    for stretch in found:
        assert stretch.stop - stretch.start == STRETCH
        assert chains[stretch.start] == chains[stretch.stop - 1]
        covered[stretch.start : stretch.stop] += 1
    assert covered.max() == 1


def test_stretches_of_little():
    assert worst_stretches(np.array([3.0, 4.0]), np.array([0, 0])) == []
    assert worst_stretches(np.array([]), np.array([])) == []
    short = worst_stretches(np.array([3.0, 3.0, 5.0]), np.array([0, 0, 1]))
    assert [(s.start, s.stop) for s in short] == [(2, 3)]
    assert worst_stretches(np.full(20, np.nan), np.zeros(20)) == []
    mostly_unknown = np.where(np.arange(30) % 7 == 0, 9.0, np.nan)
    mostly_unknown[20:] = 3
    assert all(s.start >= 16 for s in worst_stretches(mostly_unknown, np.zeros(30)))


def test_file_is_whole_or_not_there(ramp, tmp_path):
    found = residue_resolution(ramp, np.array([[5.0, 5, 5], [0, 0, 0]]), np.array([0, 1]))
    names = [("#1", "A", "7A", "GLY"), ("#1", "B", "8", "PRO")]
    write_residues(tmp_path / "a.csv", names, found)
    with open(tmp_path / "a.csv", newline="", encoding="utf-8") as stream:
        head, *rows = csv.reader(stream)
    assert tuple(head) == COLUMNS
    assert rows == [
        ["#1", "A", "7A", "GLY", "3.500", "3.500", "1", "1"],
        ["#1", "B", "8", "PRO", "", "", "1", "0"],
    ]
    with pytest.raises(OutputError, match="does not exist"):
        write_residues(tmp_path / "none" / "a.csv", names, found)
