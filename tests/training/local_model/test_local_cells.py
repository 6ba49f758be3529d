"""Cells carry the truth of where they are, and train a network that ships."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest
from graphs import local_model
from scipy import ndimage

from mapres.features.bands import BANDS
from mapres.features.distribution import BINS
from mapres.features.energies import CHANNELS, MEAN_CORRELATION, MEANS, OF_ONE_MAP
from mapres.features.profile import UNSEEN
from mapres.features.relative import (
    LN_MIDDLES,
    OF_MAP,
    OFFSETS,
    distribution_at,
    inputs_of_cell,
    row_of_map,
    rows,
)
from mapres.features.windows import WIDTHS
from mapres.fsc import first_crossing, fourier_shell_correlation
from mapres.local.method import MethodInput
from mapres.local.network import predict_local
from mapres.mask import solvent_mask
from mapres.networks.registry import digest, load
from mapres.progress import silent
from training.local_model import export_local, fit_local
from training.local_model.cells import (
    CELLS,
    sample_cells,
    true_cells,
    write_reconstructed,
    write_shards,
)
from training.local_model.fit_local import CellShards
from training.simulate.draw import Ingredients
from training.simulate.examples import make_example, pools
from training.simulate.recipe import Recipe
from training.simulate.reconstruct import NEAR, reconstruct

pytestmark = pytest.mark.usefixtures("eager")
VARIED = Ingredients(varied=1.0)


@pytest.fixture(scope="module")
def example(packed):
    # A box of 44³.
    return make_example(packed, pools(packed, "train"), 29, VARIED, 0)


@pytest.fixture(scope="module")
def shards(packed, reconstructions, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cells")
    # Shards of small boxes.
    for split, shard, count in (("train", 20, 3), ("validation", 57, 2)):
        shards = range(shard, shard + 1)
        lines = list(write_shards(packed, split, shards, count, folder, processes=1))
        assert lines and "cells of" in lines[0]
    assert "cells of 4 maps" in write_reconstructed(reconstructions, folder)
    return folder


def test_cells_have_the_truth_of_their_voxels(example):
    shape = (10, 10, 10)
    uniform = replace(example, truth=np.full_like(example.truth, 4.0))
    truth = true_cells(uniform, shape)
    assert np.allclose(truth[truth > 0], np.log(4.0), atol=1e-5)
    assert (truth > 0).mean() == pytest.approx(example.known.mean(), abs=0.1)
    across = np.linspace(3, 6, len(example.truth), dtype=np.float32)
    ordered = true_cells(replace(example, truth=example.truth * 0 + across[:, None, None]), shape)
    planes = [plane[plane > 0].mean() for plane in ordered if (plane > 0).any()]
    assert len(planes) > 3 and (np.diff(planes) > 0).all()


def test_samples_hold_cells_of_the_molecule(example):
    sample = sample_cells(example, np.random.default_rng(0))
    n = len(sample.truth)
    assert sample.features.shape == (n, len(WIDTHS), CHANNELS, BANDS) and 16 <= n <= CELLS
    low, high = (np.log(end(example.truth[example.known])) for end in (np.min, np.max))
    assert low - 0.01 < sample.truth.min() <= sample.truth.max() < high + 0.01
    # The molecule that was found is about the true one.
    assert sample.fractions[:, 0].mean() > 0.8
    assert sample.treatment == example.treatment.kind


def test_training_and_prediction_give_the_network_the_same_rows(example):
    given = []

    def predict(read, of_map):
        given.append((read, of_map))
        return np.full((len(read), BINS), 1 / BINS)

    # Of these seeds the first has no mask as users give it.
    sample = sample_cells(example, np.random.default_rng(0))
    known = replace(sample.global_features, probabilities=distribution_at(sample.half_map_fsc))
    trained = rows(sample.features, sample.fractions, known.ln_resolution)
    model = local_model(predict, load("default"))
    molecule = solvent_mask(example.density)
    predict_local(
        MethodInput(example.density, molecule, True, example.half_maps, "cpu", silent), model
    )
    read = np.concatenate([cells for cells, _ in given])
    np.testing.assert_allclose(given[0][1], row_of_map(known, known.ln_resolution), atol=1e-3)
    for row in trained[:20]:
        assert np.abs(read - row).max(axis=1).min() < 1e-3


def test_regions_of_large_b_factors_are_coarser_as_their_half_maps_say(ball):
    loose = ball.xyz[:, 0] > 0
    structure = replace(ball, b_factor=np.where(loose, 120, 30).astype(np.float32))
    recipe = Recipe(resolution=4.0, voxel_size=1.2, shape=(64,) * 3, regional=True)
    makes = [reconstruct(structure, recipe, np.random.default_rng(k)) for k in range(7)]
    mask, truth = makes[0].distance < NEAR, makes[0].truth
    x = np.indices(mask.shape)[2] - 32
    # 5 Å from where the two regions meet: there both count.
    sides = [mask & (x < -4), mask & (x > 4)]
    expected = [np.median(truth[side]) for side in sides]
    found = [np.median([crossing(made, side) for made in makes]) for side in sides]
    assert expected[1] > 1.1 * expected[0]
    assert np.allclose(found, expected, rtol=0.06)


def crossing(made, where):
    """Return where the half maps' FSC, corrected, falls below 1/7 in a part of the box, Å."""
    soft = ndimage.gaussian_filter(where.astype(np.float32), 1.5)
    curve = fourier_shell_correlation(made.half1, made.half2, made.recipe.voxel_size, soft)
    level = np.full(curve.corrected.shape, 1 / 7)
    return first_crossing(curve.frequency, curve.corrected, level, 2 * made.recipe.voxel_size)


def test_half_maps_are_hidden_or_shown(shards):
    alone, together = (CellShards(shards, half_maps, "train") for half_maps in (False, True))
    middles = [stored.global_features[0].ln_resolution for stored in (alone, together)]
    (hidden, truth), (shown, same) = (stored.of_map(0) for stored in (alone, together))
    # From where it is counted differs: with half maps from their FSC.
    assert np.allclose(truth + middles[0], same + middles[1], atol=1e-5)
    assert np.isfinite(middles[1]) and middles[0] != middles[1]
    cells, of_map = hidden
    assert cells.shape == (len(truth), inputs_of_cell(OF_ONE_MAP))
    assert of_map.shape == (len(truth), OF_MAP)
    assert shown[0].shape == (len(truth), inputs_of_cell(CHANNELS))
    means = of_map[:, : MEANS * len(OFFSETS)].reshape(-1, MEANS, len(OFFSETS))
    assert (means[:, MEAN_CORRELATION] == UNSEEN).all()
    means = shown[1][:, : MEANS * len(OFFSETS)].reshape(-1, MEANS, len(OFFSETS))
    assert (means[:, MEAN_CORRELATION] > 0.5).any()


def test_a_batch_holds_as_many_cells_of_every_map_and_their_truth(shards):
    stored = CellShards(shards, False, "train")
    inputs, wanted = stored.batch(np.arange(2), np.random.default_rng(0))
    cells, of_map = inputs
    assert len(cells) == len(of_map) == 2 * fit_local.CELLS
    assert wanted.shape == (2 * fit_local.CELLS, BINS)
    assert np.allclose(wanted.sum(axis=1), 1, atol=1e-5)
    # From wherever it is counted, the truth is that of the map.
    middle = of_map[:, -3]
    ln_truth = wanted @ LN_MIDDLES + middle
    for k in range(2):
        part = ln_truth[k * fit_local.CELLS : (k + 1) * fit_local.CELLS]
        assert (
            stored.truth[k].min() - 0.02 < part.min() <= part.max() < stored.truth[k].max() + 0.02
        )
    assert abs(middle[0] - stored.global_features[0].ln_resolution) > 1e-4


def test_a_training_begins_with_weights_that_exist(shards, tmp_path):
    first, later = tmp_path / "first", tmp_path / "later"
    fit_local.fit_local(shards, first, 1e-6, False, widths=(16,))
    start = first / "checkpoint.keras"
    fit_local.fit_local(shards, later, 1e-6, False, start, widths=(16,))
    notes = json.loads((later / "state.json").read_text())["notes"]
    assert notes["start_sha256"] == digest(start.read_bytes())
    before, after = (
        keras.models.load_model(run / "checkpoint.keras", compile=False).get_weights()[-2]
        for run in (first, later)
    )
    assert 0 < np.abs(before - after).max() < 0.01


def test_a_piece_of_training_resumes_and_ships(packed, shards, tmp_path, example):
    run = tmp_path / "run"
    fit_local.fit_local(shards, run, 1e-6, False, widths=(16,))
    first = json.loads((run / "state.json").read_text())
    fit_local.fit_local(shards, run, first["seconds"] / 60 + 1e-6, False, widths=(16,))
    assert json.loads((run / "state.json").read_text())["step"] == first["step"] + 1 == 2
    assert len((run / "curve.csv").read_text().splitlines()) == 3
    with pytest.raises(ValueError, match="without half maps"):
        export_local.export_local(packed, run, shards, True, tmp_path, "small")
    export_local.export_local(packed, run, shards, False, tmp_path, "small")
    model = load(str(tmp_path / "small.json"))
    assert model.card.kind == "local"
    inside = example.mask
    found = predict_local(MethodInput(example.density, inside, False, None, "cpu", silent), model)
    values = found.values[inside]
    assert (found.values[~inside] == 0).all() and values.min() > 0.999 * example.density.nyquist
    low, high = (
        end[inside[found.interval.box]] for end in (found.interval.low, found.interval.high)
    )
    assert (low <= values).all() and (values <= high).all()
