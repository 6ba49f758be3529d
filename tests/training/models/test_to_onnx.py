"""ONNX graphs answer as the Keras networks that they were made of."""

import json
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import onnx
import pytest

from mapres.errors import MapResError
from mapres.io import read
from mapres.networks import registry
from mapres.networks.kinds import KINDS
from mapres.networks.session import open_session
from training.avramov2019.unets.unet import unet
from training.models import to_onnx
from training.models.ship import WEIGHTS

pytestmark = pytest.mark.usefixtures("eager")
ROOT = Path(__file__).resolve().parents[3]
MAPS = [ROOT / "examples", *(ROOT / "tests/recorded" / name for name in ("fine-", "coarse-"))]


@pytest.fixture(scope="module")
def asked():
    """Return maps with their half maps, as `to_onnx` takes them from a simulation."""

    def example(place):
        prefix = f"{place}/" if place.is_dir() else str(place)
        halves = tuple(read(f"{prefix}half{n}.mrc.gz") for n in (1, 2))
        mean = (0.5 * (halves[0].values + halves[1].values)).astype(np.float32)
        return SimpleNamespace(density=halves[0].with_values(mean), half_maps=halves)

    return [example(place) for place in MAPS]


def small_unet():
    """Return a U-Net of two filters with weights that all differ, rounded."""
    network = unet(2)
    rng = np.random.default_rng(0)
    network.set_weights([w + 0.1 * rng.standard_normal(w.shape) for w in network.get_weights()])
    return to_onnx.rounded(network)


@pytest.fixture
def small():
    return small_unet()


@pytest.fixture(scope="module")
def converted():
    """Return such a network and its graph: nothing may change its weights."""
    keras.utils.set_random_seed(0)
    network = small_unet()
    return network, to_onnx.to_onnx(network, "cubes")


def run_of(content, kind):
    return open_session(content, "made now", KINDS[kind], "cpu")[0]


@pytest.mark.parametrize("path", sorted(WEIGHTS.glob("*.keras")), ids=lambda path: path.stem)
def test_shipped_networks_answer_as_their_source(path, asked):
    card = json.loads((registry.FOLDER / f"{path.stem}.json").read_text())
    assert registry.digest(path.read_bytes()) == card["onnx"]["keras_sha256"]
    network = keras.models.load_model(path, compile=False, safe_mode=True)
    run = run_of((registry.FOLDER / card["weights"]).read_bytes(), card["kind"])
    inputs = 0
    for example in asked:
        for arrays, theirs in to_onnx._predicted(network, card["kind"], example):
            np.testing.assert_allclose(run(*arrays), theirs, rtol=0, atol=1e-5)
            inputs += len(theirs)
    assert inputs >= 20


def test_the_sources_of_what_is_trained_further_are_here():
    assert {path.stem for path in WEIGHTS.glob("*.keras")} == {"default", "local", "local-halves"}


def test_what_only_meets_padding_is_left_out_and_nothing_changes(small, rng):
    trimmed = to_onnx.trimmed(small)
    # The deepest of five levels: two kernels of 3³, of which the middle is left.
    assert small.count_params() - trimmed.count_params() == 26 * (16 * 32 + 32 * 32)
    cubes = rng.random((3, 16, 16, 16, 1), dtype=np.float32)
    expected = small.predict_on_batch(cubes)
    np.testing.assert_allclose(trimmed.predict_on_batch(cubes), expected, rtol=0, atol=1e-5)
    found = run_of(to_onnx.to_onnx(trimmed, "cubes"), "cubes")(cubes)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)


def test_every_number_of_a_graph_is_of_half_precision(converted):
    small, content = converted
    graph = onnx.load_from_string(content).graph
    floats = [t for t in graph.initializer if t.data_type == onnx.TensorProto.FLOAT]
    halves = [t for t in graph.initializer if t.data_type == onnx.TensorProto.FLOAT16]
    assert sum(int(np.prod(t.dims)) for t in halves) == small.count_params()
    assert sum(int(np.prod(t.dims)) for t in floats) <= 10
    assert [value.name for value in graph.input] == ["cube"]
    assert [value.name for value in graph.output] == ["probabilities"]


def test_weights_that_are_not_rounded_are_refused(small):
    small.set_weights([w + 1e-5 for w in small.get_weights()])
    with pytest.raises(MapResError, match="no number of half precision"):
        to_onnx.to_onnx(small, "cubes")


def test_parity_is_measured_and_a_difference_is_refused(converted, asked, monkeypatch):
    small, content = converted
    monkeypatch.setattr(to_onnx, "examples", lambda *_: iter(asked))
    monkeypatch.setattr(to_onnx, "INPUTS", 24)
    found = to_onnx.parity(content, small, "cubes", Path())
    assert found.inputs >= to_onnx.INPUTS and found.maps >= 2 and found.largest_difference < 1e-5
    other = unet(2)
    other.set_weights([1.05 * w for w in small.get_weights()])
    with pytest.raises(MapResError, match="differ by"):
        to_onnx.parity(content, other, "cubes", Path())
