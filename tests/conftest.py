"""What tests share: the data that lies beside the clone, where it does, a map, and tiny models."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from mapres import models
from mapres.density import Density
from mapres.distribution import soft_targets
from mapres.paper import BOX
from mapres.preprocess import PATCH, SHELLS
from mapres.profile import CURVES, FREQUENCIES

# As `mapres.models` does before it loads Keras. Here a test may load it first, and what the worker
# answers is compared to the last bit.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
SHARED = Path(__file__).parents[1].parent / "shared" / "data"
# What the tiny models say of any map: `default` 7 Å, `dnn` medium, `cnn` low.
TINY_RESOLUTION = 7.0
TINY_LOGITS = {"dnn": [0.0, 3.0, 1.0], "cnn": [0.0, 1.0, 3.0]}


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not there: real maps and native outputs are not in the project")
    return SHARED


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20190324)


@pytest.fixture(scope="session")
def globule() -> tuple[Density, np.ndarray]:
    """Return a 48³ map at 2 Å of two lobes without noise, and where they are."""
    grid = (np.indices((48, 48, 48)) - 24) * 2.0
    lobes = [((0, 0, -12), 18.0), ((4, 6, 14), 14.0)]
    inside = np.zeros((48, 48, 48), dtype=bool)
    for centre, radius in lobes:
        distance = sum((axis - c) ** 2 for axis, c in zip(grid, centre, strict=True))
        inside |= distance < radius**2
    texture = np.random.default_rng(2).uniform(0.5, 1.5, inside.shape)
    values = ndimage.gaussian_filter(inside * texture, 1.0).astype(np.float32)
    return Density(values, (2.0, 2.0, 2.0), name="globule"), inside


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory) -> Path:
    """Return a folder with untrained models under the shipped names."""
    folder = tmp_path_factory.mktemp("tiny-models")
    _write_model(folder, "default", "distribution", _tiny_default())
    for name, logits in TINY_LOGITS.items():
        _write_model(folder, name, "class", _tiny_classifier(logits))
    return folder


@pytest.fixture
def tiny_models(tiny_folder, monkeypatch) -> Path:
    """Put the tiny models in place of the shipped ones, in this process only."""
    monkeypatch.setattr(models, "FOLDER", tiny_folder)
    return tiny_folder


def _tiny_default():
    import keras
    from keras import layers

    shapes = ((PATCH, PATCH, PATCH, 1), (SHELLS,), (CURVES, len(FREQUENCIES)))
    inputs = [keras.Input(shape) for shape in shapes]
    flat = layers.Concatenate()([layers.Flatten()(each) for each in inputs])
    wanted = np.log(soft_targets(np.array([TINY_RESOLUTION]))[0] + 1e-6)
    return keras.Model(inputs, layers.Softmax()(_constant(flat, wanted)))


def _tiny_classifier(logits: list[float]):
    import keras
    from keras import layers

    box = keras.Input((BOX, BOX, BOX, 1))
    return keras.Model(box, _constant(layers.GlobalAveragePooling3D()(box), logits))


def _constant(x, values):
    """Return a dense layer that says the same whatever it sees."""
    import keras

    bias = keras.initializers.Constant(list(map(float, values)))
    return keras.layers.Dense(len(values), kernel_initializer="zeros", bias_initializer=bias)(x)


def _write_model(folder: Path, name: str, kind: str, network) -> None:
    weights = folder / f"{name}.keras"
    network.save(weights)
    card = {
        "name": name,
        "kind": kind,
        "weights": weights.name,
        "sha256": models.sha256(weights),
        "preprocessing": models.preprocessing_card(kind),
        "calibration": {"sharpness": 1.0, "growth": 0.0, "floor": 0.001},
    }
    (folder / f"{name}.json").write_text(json.dumps(card))
