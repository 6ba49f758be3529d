"""Labeled maps in cubes: real and simulated, each once, and those without a label said."""

import numpy as np
import pytest
from handmade import folded_chain

from mapres import io as mrc
from training.avramov2019.unets.cube_files import read_cubes, write_cubes
from training.data.published import labeled_resolutions
from training.simulate.draw import Ingredients, draw_example


@pytest.fixture
def maps(tmp_path):
    density = folded_chain()
    mrc.write(tmp_path / "chain.mrc", density)
    mrc.write(tmp_path / "flat.mrc", density.with_values(np.ones_like(density.values)))
    return [tmp_path / "chain.mrc", tmp_path / "flat.mrc"]


def test_every_map_is_labeled_once_or_said_to_be_left_out(packed, maps, tmp_path):
    folder = tmp_path / "cubes"
    lines = list(write_cubes(packed, maps, "monores", 2, folder, processes=1))
    assert lines[0].startswith("real-chain: ") and lines[0].endswith(" cubes")
    assert "flat: left out: flat.mrc is constant" in lines[1]
    made = [line for line in lines if "left out" not in line]
    cubes, names = read_cubes(folder)
    assert len(names) == len(made) and len(cubes) == sum(int(line.split()[-2]) for line in made)
    assert cubes.values.min() >= 0 and cubes.values.max() <= 1
    assert not cubes.values[~cubes.known & (cubes.classes == 255)].any()
    again = list(write_cubes(packed, maps[:1], "monores", 0, folder, processes=1))
    assert again == ["real-chain: there already"]


def test_simulated_maps_have_the_papers_resolutions(ball):
    at = labeled_resolutions("resmap")
    assert set(at) <= {7.2, 7.3, 7.4, 7.8, 11.0, 13.0, 13.2} and len(at) == 7
    drawn = [
        draw_example(ball, np.random.default_rng(k), Ingredients(resolutions=(7.4,)))
        for k in range(2)
    ]
    assert {example.made.recipe.resolution for example in drawn} == {7.4}
