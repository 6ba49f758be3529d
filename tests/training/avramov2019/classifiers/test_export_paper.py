"""What ships of the paper's networks, from stored maps to a model that loads."""

import json
from dataclasses import replace
from functools import partial

import keras
import numpy as np
import pytest
from scipy.special import softmax

from mapres.features.avramov2019 import central_box
from mapres.networks.registry import load
from training.avramov2019.classifiers import export_classifiers as export_paper
from training.avramov2019.classifiers import fit_cnn, networks
from training.avramov2019.classifiers.paper_maps import PaperMaps, write_paper_maps
from training.avramov2019.classifiers.subsets import Cubes, Subset
from training.models import to_onnx
from training.models.curve import note_stages, noted_stages

pytestmark = pytest.mark.usefixtures("eager")


@pytest.fixture(scope="module")
def paper(shared_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("paper")
    for split in ("train", "test"):
        list(write_paper_maps(shared_data, split, 3, folder, processes=1))
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Return the folder of a dense network in miniature: 20 units and a kernel of rank 2."""
    folder = tmp_path_factory.mktemp("run")
    rng = np.random.default_rng(0)
    keras.utils.set_random_seed(0)
    layers = [keras.Input((64**3,)), keras.layers.Dense(20, "relu"), keras.layers.Dense(3)]
    exact = keras.Sequential(layers)
    kernel = rng.standard_normal((64**3, 2)) @ rng.standard_normal((2, 20))
    exact.set_weights([1e-3 * kernel, *exact.get_weights()[1:]])
    exact.save(folder / "exact.keras")
    note_stages(folder, {".": {"maps": 9, "optimizer": "SGD"}})
    header = "step,minutes,loss,accuracy,validation loss,validation accuracy"
    (folder / "curve.csv").write_text(f"{header}\n1,0.1,1.1,0.3,1.0,0.4\n2,0.2,0.9,0.5,1.2,0.6\n")
    return folder


def test_export_loads_and_agrees(shared_data, paper, run, tmp_path, monkeypatch):
    monkeypatch.setitem(export_paper.KEPT, "dnn", {"rank": 2, "along": 64})
    monkeypatch.setitem(export_paper.SVD_MAPS, "dnn", 9)
    monkeypatch.setattr(to_onnx, "INPUTS", 3)
    export_paper.export_paper(shared_data, paper, run, tmp_path, "dnn", None)
    card = json.loads((tmp_path / "dnn.json").read_text())
    scores = card["scores"]["simulated test split"]
    assert (scores["maps"], scores["molecules"]) == (9, 3)
    assert scores["agreement_with_exact"] == 1.0
    assert card["training"]["stages"]["."] == {
        "maps": 9, "optimizer": "SGD", "steps": 2, "minutes": 0.2, "best_step": 1
    }  # fmt: skip
    assert card["training"]["molecules"] == 3 and len(card["training"]["molecules_sha256"]) == 64
    model = load(str(tmp_path / "dnn.json"))
    maps = PaperMaps(paper, "test").batch(np.arange(3))[..., 0]
    logits = np.asarray(
        keras.models.load_model(run / "exact.keras").predict_on_batch(maps.reshape(3, -1))
    )
    boxes = np.stack([central_box(values) for values in maps])
    np.testing.assert_allclose(model.predict(boxes), softmax(logits, axis=1), atol=1e-3)


def test_what_two_networks_share_is_computed_once(rng):
    """A CNN and its copy with other dense layers: their convolutions run once for both."""
    exact, small = networks.cnn(16), networks.cnn(16)
    small.set_weights([*exact.get_weights()[:6], *small.get_weights()[6:]])
    trunk, *rests = export_paper._parted(exact, small)
    cubes = rng.random((2, 16, 16, 16, 1), dtype=np.float32)
    features = np.asarray(trunk(cubes))
    assert features.shape == (2, 2**3 * 128)
    for network, rest in zip((exact, small), rests, strict=True):
        expected = np.asarray(network.predict_on_batch(cubes))
        assert np.allclose(rest.predict_on_batch(features), expected, atol=1e-6)


def test_some_maps_are_of_all_classes_alike(paper):
    """Three maps of each molecule: every k-th map of a set would be of one class in five."""
    maps = PaperMaps(paper, "train")
    some = Subset.evenly(maps, 6)
    assert np.bincount(some.labels).tolist() == [2, 2, 2]
    assert some.indices.tolist() == [0, 1, 2, 6, 7, 8]
    assert np.array_equal(some.batch(np.array([4])), maps.batch(np.array([7])))


def test_cubes_show_molecule_and_fixed_ones_stay(paper):
    maps = PaperMaps(paper, "train")
    indices = np.arange(9)
    fixed, free = Cubes(maps, 16, fixed=True), Cubes(maps, 16)
    first, again = fixed.batch(indices), fixed.batch(indices[::-1])[::-1]
    assert first.shape == (9, 16, 16, 16, 1) and np.array_equal(first, again)
    assert not np.array_equal(free.batch(indices), free.batch(indices))
    assert (first.max(axis=(1, 2, 3, 4)) > 0.3).all()


def test_the_cnn_is_trained_in_two_parts(paper, tmp_path, monkeypatch):
    """Cubes, then dense layers on the features of boxes; a second call has nothing left to do."""
    for split in ("train", "validation"):
        for suffix in ("npy", "json"):
            (tmp_path / f"{split}.{suffix}").symlink_to(paper / f"train.{suffix}")
    narrow = partial(networks.cnn, filters=(2, 3, 4), units=8)
    monkeypatch.setattr(networks, "cnn", narrow)
    for name in ("CUBES", "DENSE"):
        short = replace(getattr(fit_cnn, name), batch=3, steps_per_check=1, max_steps=2)
        monkeypatch.setattr(fit_cnn, name, short)
    monkeypatch.setattr(fit_cnn, "DENSE_MAPS", 6)
    run = tmp_path / "run"
    fit_cnn.fit_cnn(tmp_path, run, minutes=0)
    assert not (run / "exact.keras").exists() and (run / "cubes" / "checkpoint.keras").exists()
    fit_cnn.fit_cnn(tmp_path, run, minutes=9)
    exact = keras.models.load_model(run / "exact.keras")
    cubes, dense = (keras.models.load_model(run / n / "best.keras") for n in ("cubes", "dense"))
    halves = [w.astype(np.float16) for w in cubes.get_weights()[:6]]
    assert all(map(np.array_equal, exact.get_weights()[:6], halves))
    assert all(map(np.array_equal, exact.get_weights()[6:], dense.get_weights()))
    assert noted_stages(run)["dense"]["maps"] == 6


@pytest.mark.parametrize(("name", "least"), [("dnn", 7), ("cnn", 9)])
def test_shipped_classifiers_know_calculated_maps(paper, name, least):
    """Nine maps of three test molecules; over all 8,856 the card counts 94.7 and over 99.7%."""
    test = PaperMaps(paper, "test")
    logits = load(name).predict(test.batch(np.arange(9))[..., 0])
    assert np.sum(np.argmax(logits, axis=1) == test.labels) >= least
