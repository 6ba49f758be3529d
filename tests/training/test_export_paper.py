"""What ships of the paper's networks, from stored maps to a model that loads."""

import json

import keras
import numpy as np
import pytest

from mapres import models
from mapres.paper import central_box
from training import export_paper, networks
from training.paper_maps import PaperMaps, write_paper_maps


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
    layers = [keras.Input((64**3,)), keras.layers.Dense(20, "relu"), keras.layers.Dense(3)]
    exact = keras.Sequential(layers)
    kernel = rng.standard_normal((64**3, 2)) @ rng.standard_normal((2, 20))
    exact.set_weights([1e-3 * kernel, *exact.get_weights()[1:]])
    exact.save(folder / "exact.keras")
    header = "step,minutes,loss,accuracy,validation loss,validation accuracy"
    (folder / "curve.csv").write_text(f"{header}\n1,0.1,1.1,0.3,1.0,0.4\n2,0.2,0.9,0.5,1.2,0.6\n")
    return folder


def test_export_loads_and_agrees(paper, run, tmp_path, monkeypatch):
    monkeypatch.setitem(export_paper.KEPT, "dnn", {"rank": 2, "along": 64})
    monkeypatch.setitem(export_paper.SVD_MAPS, "dnn", 9)
    export_paper.export_paper(paper, run, tmp_path, "dnn", None)
    card = json.loads((tmp_path / "dnn.json").read_text())
    scores = card["scores"]["simulated test split"]
    assert (scores["maps"], scores["molecules"]) == (9, 3)
    assert scores["agreement_with_exact"] == 1.0
    assert card["training"]["stages"][run.name] == {"steps": 2, "minutes": 0.2, "best_step": 1}
    assert card["training"]["molecules"] == 3 and len(card["training"]["molecules_sha256"]) == 64
    model = models.load(str(tmp_path / "dnn.json"))
    maps = PaperMaps(paper, "test").batch(np.arange(3))[..., 0]
    logits = np.asarray(
        keras.models.load_model(run / "exact.keras").predict_on_batch(maps.reshape(3, -1))
    )
    boxes = np.stack([central_box(values) for values in maps])
    assert np.array_equal(model.predict(boxes).argmax(axis=1), logits.argmax(axis=1))


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


@pytest.mark.parametrize(("name", "least"), [("dnn", 7), ("cnn", 9)])
def test_shipped_classifiers_know_calculated_maps(paper, name, least):
    """Nine maps of three test molecules; over all 8,856 the card counts 94.7 and over 99.7 %."""
    test = PaperMaps(paper, "test")
    logits = models.load(name).predict(test.batch(np.arange(9))[..., 0])
    assert np.sum(np.argmax(logits, axis=1) == test.labels) >= least
