"""From a Keras network to the ONNX graph that ships, and how closely the two agree.

Every weight is a number of half precision in the file and is computed with in single: it goes into
the graph as an input, so that neither TensorFlow nor tf2onnx folds one into another (a folded batch
norm, rounded once more, moves a probability by 7e-4), and becomes a stored number afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.errors import MapResError
from mapres.features.outliers import without_outliers
from mapres.features.spectra import measure_spectra
from mapres.local.method import MethodInput
from mapres.local.network import GLOBAL_MODEL, predict_local
from mapres.local.unet import predict_classes
from mapres.networks.card import Calibration, Card
from mapres.networks.graph import check_graph
from mapres.networks.kinds import KINDS, LOCAL, OUTPUTS, WITH_HALF_MAPS
from mapres.networks.registry import Model, load, predictor
from mapres.networks.session import CPU_PROVIDER, open_session
from mapres.progress import silent
from mapres.validation.analysis import find_molecule
from mapres.validation.prediction import predict_map
from training.simulate.draw import Example, Ingredients
from training.simulate.examples import examples

OPSET = 17
# Examples to compare both on, of simulated maps of the validation split, and at most per map.
INPUTS, OF_A_MAP, SEED = 64, 16, 2001
# Half of them noise-free, which the paper's networks learned from.
SHOWN = Ingredients(noise_free=0.5)
# In a probability.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Parity:
    """How closely two forms of a network agree: the largest difference in a probability."""

    inputs: int
    maps: int
    largest_difference: float


def runner(network) -> Callable[..., NDArray[np.float32]]:
    """Return a Keras network as a function of arrays, as `registry.predictor` wants it."""

    def run(*arrays: NDArray) -> NDArray[np.float32]:
        return np.asarray(network.predict_on_batch(arrays[0] if len(arrays) == 1 else [*arrays]))

    return run


def rounded(network):
    """Round the weights of a Keras network to half precision, in place; return the network."""
    network.set_weights([w.astype(np.float16).astype(np.float32) for w in network.get_weights()])
    return network


def trimmed(network):
    """Return a copy whose convolutions of a single voxel have lost what only ever meets padding.

    On a grid of 1³ voxels 26 of a kernel's 27 are multiplied by zero: in the deepest level of the
    U-Net, which sees cubes of 16³ halved four times, 45% of all its weights.
    """
    import keras

    def copied(layer):
        config = layer.get_config()
        if _sees_one_voxel(layer):
            config["kernel_size"] = (1, 1, 1)
        return type(layer).from_config(config)

    copy = keras.models.clone_model(network, clone_function=copied)
    for ours, theirs in zip(copy.layers, network.layers, strict=True):
        weights = theirs.get_weights()
        if _sees_one_voxel(theirs):
            middle = tuple(slice((n - 1) // 2, (n - 1) // 2 + 1) for n in theirs.kernel_size)
            weights[0] = weights[0][middle]
        ours.set_weights(weights)
    return copy


def _sees_one_voxel(layer) -> bool:
    return type(layer).__name__ == "Conv3D" and layer.input.shape[1:4] == (1, 1, 1)


def to_onnx(network, kind: str) -> bytes:
    """Return a Keras network, of probabilities or of the kind ``class`` of logits, as ONNX.

    Raises
    ------
    MapResError
        If a weight is no number of half precision: see `rounded`.
    """
    import onnx
    import tensorflow as tf
    import tf2onnx

    # Seeds of dropout are whole numbers, and unused.
    weights = [w for w in network.weights if w.dtype == "float32"]
    numbers = [np.asarray(weight) for weight in weights]
    if not all(np.array_equal(n.astype(np.float16).astype(np.float32), n) for n in numbers):
        raise MapResError("a weight is no number of half precision; round the network first.")
    inputs = KINDS[kind].inputs.items()
    signature = [
        *(tf.TensorSpec([None, *shape], tf.float32, name) for name, shape in inputs),
        *(tf.TensorSpec(w.shape, tf.float32, f"weight_{k}") for k, w in enumerate(weights)),
    ]  # fmt: skip
    called = tf.function(_stateless(network, weights, kind), input_signature=signature)
    model, _ = tf2onnx.convert.from_function(called, input_signature=signature, opset=OPSET)
    _store(model, numbers)
    for node in model.graph.node:
        for k, name in enumerate(node.output):
            if name == model.graph.output[0].name:
                node.output[k] = OUTPUTS[0]
    model.graph.output[0].name = OUTPUTS[0]
    onnx.checker.check_model(model)
    return model.SerializeToString()


def _stateless(network, weights: list, kind: str) -> Callable:
    """Return a network as a function of its inputs and then its weights."""
    import keras

    def call(*given):
        inputs, values = given[: -len(weights)], given[-len(weights) :]
        with keras.StatelessScope(state_mapping=list(zip(weights, values, strict=True))):
            answer = network(inputs[0] if len(inputs) == 1 else [*inputs], training=False)
        return keras.ops.softmax(answer) if kind == "class" else answer

    return call


def _store(model, weights: list[NDArray]) -> None:
    """Put weights into the graph in place of inputs: stored as halves, widened where used."""
    from onnx import TensorProto, helper, numpy_helper

    graph = model.graph
    inputs = {value.name: value for value in graph.input}
    for k, weight in enumerate(weights):
        name, half = f"weight_{k}", weight.astype(np.float16)
        # What is never used is no input any more.
        if name in inputs:
            graph.input.remove(inputs[name])
            graph.initializer.append(numpy_helper.from_array(half, f"{name}_half"))
            widen = helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT)
            graph.node.insert(0, widen)


def parity(content: bytes, network, kind: str, data: Path) -> Parity:
    """Compare both forms of a network on simulated maps, prepared as the core prepares them.

    Parameters
    ----------
    content : the ONNX file
    network : the Keras network, of logits if of the kind ``class``
    kind : see `mapres.networks.kinds`
    data : folder of the structures

    Raises
    ------
    MapResError
        If a probability differs by more than `TOLERANCE`.
    """
    check_graph(content, "made now", set(KINDS[kind].inputs), set(OUTPUTS))
    run, *_ = open_session(content, "made now", KINDS[kind], "cpu")
    inputs = maps = 0
    largest = 0.0
    source = examples(data, "validation", SEED, 20 * INPUTS, SHOWN)
    while inputs < INPUTS:
        pairs = list(_predicted(network, kind, next(source)))
        for arrays, theirs in pairs:
            largest = max(largest, float(np.abs(run(*arrays) - theirs).max()))
            inputs += len(theirs)
        maps += bool(pairs)
    if not largest <= TOLERANCE:
        raise MapResError(f"ONNX and Keras differ by {largest:.2g} in a probability; not exported.")
    return Parity(inputs, maps, float(f"{largest:.2g}"))


def _predicted(network, kind: str, example: Example) -> Iterator[tuple]:
    """Yield some of what the core gives a network of a map, and what the network predicts."""
    given: list[tuple] = []
    predict = runner(network)

    def run(*arrays: NDArray) -> NDArray[np.float32]:
        found = predict(*arrays)
        found = _softmax(found) if kind == "class" else found
        given.append((arrays, found))
        return found

    if kind == WITH_HALF_MAPS and example.half_maps is None:
        return
    density = example.density
    try:
        mask, _ = find_molecule(density)
        if kind in LOCAL:
            halves = example.half_maps if kind == WITH_HALF_MAPS else None
            whole = MethodInput(density, mask, True, halves, "cpu", silent)
            predict_local(whole, _model(kind, run))
        elif kind == "cubes":
            predict_classes(density.values, mask, predictor(run, kind), silent)
        else:
            spectra = measure_spectra(without_outliers(density), mask)
            predict_map(density, mask, spectra, _model(kind, run), silent)
    except MapResError:
        # Few maps are too small for cells, or filled by their molecule.
        return
    left = OF_A_MAP
    for arrays, found in given:
        some = slice(None, max(0, left))
        left -= len(found)
        if len(found[some]):
            yield tuple(array[some] for array in arrays), found[some]


def _model(kind: str, run: Callable) -> Model:
    """Return a network as the core takes one, whatever its calibration will be."""
    said = {"overall_model_sha256": load(GLOBAL_MODEL).card.sha256} if kind in LOCAL else {}
    card = Card("made now", kind, Path(), "", Calibration(1.0, 0.0, 0.0, 0.01), None, said)
    return Model(card, predictor(run, kind), "cpu", CPU_PROVIDER)


def _softmax(logits: NDArray) -> NDArray[np.float32]:
    power = np.exp(logits - logits.max(axis=1, keepdims=True))
    return power / power.sum(axis=1, keepdims=True)
