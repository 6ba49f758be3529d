"""Weights load only with a card that matches, and every failure is one sentence."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mapres import models
from mapres.distribution import BINS
from mapres.errors import ModelError
from mapres.methods import NETWORKS, WITH_HALF_MAPS
from mapres.preprocess import Patches, power_spectra
from mapres.profile import CURVES, FREQUENCIES

SRC = Path(models.__file__).parents[1]


@pytest.fixture
def copy(tmp_path) -> Path:
    """Return the card of a copy of the default model that a test may spoil."""
    for name in ("default.json", "default.keras"):
        shutil.copy(models.FOLDER / name, tmp_path / name)
    return tmp_path / "default.json"


def change(card: Path, **values) -> None:
    card.write_text(json.dumps(json.loads(card.read_text()) | values))


def test_default_model_predicts_distributions():
    model = models.load("default")
    values = np.random.default_rng(0).standard_normal((3, 48, 48, 48)).astype(np.float32)
    seen = np.zeros((CURVES, len(FREQUENCIES)), dtype=np.float32)
    predicted = model.predict(Patches(values, power_spectra(values)), seen)
    assert predicted.shape == (3, BINS)
    assert np.allclose(predicted.sum(axis=1), 1, atol=1e-4)
    assert model.label == f"default@{model.sha256[:12]}"


def test_all_stands_for_every_shipped_model_the_default_first():
    there = models.available()
    assert models.chosen("all") == tuple(there)
    assert there[0] == "default" and there == [name for name in models.ORDER if name in there]
    of_maps = {card.stem for card in models.FOLDER.glob("*.json")} - {
        *NETWORKS.values(),
        WITH_HALF_MAPS,
    }
    assert of_maps == set(there)


@pytest.mark.parametrize("name", ["default", "dnn", "cnn", "best", "own/card.json", "all.json"])
def test_any_other_name_stands_for_itself(name):
    assert models.chosen(name) == (name,)


def test_a_model_is_loaded_once():
    assert models.load("default") is models.load("default")


def test_a_users_own_card_is_loaded_by_path(copy):
    assert models.load(str(copy)).sha256 == models.load("default").sha256


def test_unknown_name_lists_the_known():
    with pytest.raises(ModelError, match=r"no model best; choose from: default"):
        models.load("best")


def test_missing_weights(copy):
    copy.with_suffix(".keras").unlink()
    with pytest.raises(ModelError, match=r"default\.keras are missing"):
        models.load(str(copy))


def test_altered_weights(copy):
    with open(copy.with_suffix(".keras"), "r+b") as weights:
        weights.seek(5000)
        weights.write(b"\0" * 8)
    with pytest.raises(ModelError, match="sha256 differs"):
        models.load(str(copy))


def test_unreadable_weights(copy):
    weights = copy.with_suffix(".keras")
    weights.write_bytes(b"not a model")
    change(copy, sha256=models.sha256(weights))
    with pytest.raises(ModelError, match="cannot be loaded"):
        models.load(str(copy))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"weights": "default.keras"}'])
def test_unreadable_card(copy, text):
    copy.write_text(text)
    with pytest.raises(ModelError, match=r"card default\.json cannot be read"):
        models.load(str(copy))


def test_another_preprocessing_is_refused(copy):
    card = json.loads(copy.read_text())
    change(copy, preprocessing=card["preprocessing"] | {"voxel_size_A": 2.0})
    with pytest.raises(ModelError, match="another preprocessing"):
        models.load(str(copy))


def test_no_keras_says_what_to_install(copy, monkeypatch):
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(ModelError, match="pip install keras tensorflow"):
        models.load(str(copy))


def test_no_network_may_run_code(copy):
    """A Lambda layer in the weights is refused, whatever the card says."""
    import keras

    network = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x + 1)])
    weights = copy.with_suffix(".keras")
    network.save(weights)
    change(copy, sha256=models.sha256(weights))
    with pytest.raises(ModelError, match="cannot be loaded"):
        models.load(str(copy))


def test_every_shipped_card_matches_its_weights():
    assert "default" in models.available()
    size = 0
    for name in models.available():
        card = json.loads((models.FOLDER / f"{name}.json").read_text())
        weights = models.FOLDER / card["weights"]
        assert models.sha256(weights) == card["sha256"]
        size += weights.stat().st_size
    assert size < 60e6


def test_importing_is_quick_and_without_keras():
    """Half a second at most, the best of three: the machine may be busy."""
    code = (
        "import sys, time; t = time.perf_counter(); import mapres; t = time.perf_counter() - t;"
        "mapres.validate, mapres.local_resolution, mapres.read;"
        "print(t, 'keras' in sys.modules, 'tensorflow' in sys.modules)"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=SRC, check=True
        ).stdout.split()
        for _ in range(3)
    ]
    assert all(run[1:] == ["False", "False"] for run in runs)
    assert min(float(run[0]) for run in runs) < 0.5
