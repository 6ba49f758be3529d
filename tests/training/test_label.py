"""Labels: those of the method, of half maps where they are, and nothing done twice."""

import numpy as np
import pytest
from handmade import folded_chain

from mapres import mrc
from mapres.local import local_resolution
from training.label import label_maps


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
    assert said[2].startswith("c.mrc: c.mrc is constant")
    halves = mrc.read(folder / "a_half1.mrc"), mrc.read(folder / "a_half2.mrc")
    for name, half_maps in (("a", halves), ("b", None)):
        density = mrc.read(folder / f"{name}.mrc")
        expected = local_resolution(density, half_maps=half_maps, step=2.0)
        mask = mrc.read(folder / "out" / f"{name}_monores_mask.mrc.gz").values > 0.5
        label = mrc.read(folder / "out" / f"{name}_monores.mrc.gz")
        assert np.array_equal(mask, expected.mask)
        assert np.array_equal(label.values[mask], expected.values[mask])
        assert not label.values[~mask].any() and label.origin == density.origin
    before = {path: path.stat().st_mtime_ns for path in labels}
    assert label_maps(maps[:2], "monores", folder / "out", said.append, step=2.0) == labels
    assert {path: path.stat().st_mtime_ns for path in labels} == before
