"""Labels: those of the method, of half maps where they are, and nothing done twice."""

import numpy as np
import pytest
from handmade import folded_chain

from mapres import io as mrc
from mapres.errors import MapResError
from mapres.local.resolution import local_resolution
from training.avramov2019.unets.label import label_maps, stem


@pytest.fixture
def folder(tmp_path):
    for name, seed in (("a", 0), ("a_half1", 1), ("a_half2", 2), ("b", 3)):
        mrc.write(tmp_path / f"{name}.mrc", folded_chain(seed=seed))
    constant = folded_chain()
    mrc.write(tmp_path / "c.mrc", constant.with_values(np.ones_like(constant.values)))
    return tmp_path


def test_labels_are_the_methods(folder):
    said = []
    maps = [folder / f"{name}.mrc" for name in "abc"]
    labels = label_maps(maps, "monores", folder / "out", said.append, step=2.0)
    assert [path.name for path in labels] == ["a_monores.mrc.gz", "b_monores.mrc.gz"]
    assert said[2].startswith("left out: c.mrc is constant")
    halves = mrc.read(folder / "a_half1.mrc"), mrc.read(folder / "a_half2.mrc")
    for name, half_maps in (("a", halves), ("b", None)):
        density = mrc.read(folder / f"{name}.mrc")
        expected = local_resolution(density, method="monores", half_maps=half_maps, step=2.0)
        mask = mrc.read(folder / "out" / f"{name}_monores_mask.mrc.gz").values > 0.5
        label = mrc.read(folder / "out" / f"{name}_monores.mrc.gz")
        assert np.array_equal(mask, expected.mask)
        assert np.array_equal(label.values[mask], expected.values[mask])
        assert not label.values[~mask].any() and label.origin == density.origin


def test_unresolved_voxels_are_labeled_as_resmap_does(folder):
    (path,) = label_maps([folder / "b.mrc"], "resmap", folder / "out", max_res=7.0)
    found = local_resolution(mrc.read(folder / "b.mrc"), method="resmap", max_res=7.0)
    label = mrc.read(path).values
    assert found.beyond.any() and np.all(label[found.beyond] == 100)
    assert np.array_equal(label[~found.beyond], found.resolved[~found.beyond])


def test_names_that_meet_and_half_a_pair_are_said(folder):
    (folder / "b.map.gz").write_bytes((folder / "b.mrc").read_bytes())
    with pytest.raises(MapResError, match="two maps are called b"):
        label_maps([folder / "b.mrc", folder / "b.map.gz"], "monores", folder / "out")
    (folder / "a_half2.mrc").unlink()
    said = []
    label_maps([folder / "a.mrc"], "monores", folder / "out", said.append, step=4.0)
    assert "a_half1.mrc is there without the other half" in said[0]
    assert stem(folder / "run.1.map.gz") == "run.1"
