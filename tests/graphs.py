"""ONNX graphs made by hand, and model cards for them: networks that say the same of any map."""

import json
from dataclasses import replace

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from mapres.networks.card import Calibration
from mapres.networks.kinds import KINDS, OUTPUTS
from mapres.networks.registry import digest


def constant_graph(kind, values):
    """Build a network of a kind that answers ``values``, probabilities, whatever it is shown."""
    inputs, answer = KINDS[kind].inputs, KINDS[kind].answer
    row = np.broadcast_to(np.asarray(values, np.float32), answer).reshape(1, -1)
    numbers = {"zero": np.zeros(1, np.float32), "row": row, "shape": np.array([-1, *answer])}
    first = next(iter(inputs))
    nodes = [
        helper.make_node("Flatten", [first], ["flat"], axis=1),
        helper.make_node("ReduceMean", ["flat"], ["mean"], axes=[1], keepdims=1),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "row"], ["said"]),
        helper.make_node("Reshape", ["said", "shape"], OUTPUTS),
    ]
    graph = helper.make_graph(
        nodes,
        "constant",
        [described(name, shape) for name, shape in inputs.items()],
        [described(OUTPUTS[0], answer)],
        [numpy_helper.from_array(array, name) for name, array in numbers.items()],
    )
    return model_of(graph)


def model_of(graph, domains=("",)):
    """Wrap a graph as ONNX Runtime from 1.19 on reads it."""
    opsets = [helper.make_opsetid(domain, 17) for domain in domains]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def described(name, shape, kind=TensorProto.FLOAT):
    """Describe an input or output, its first axis free."""
    return helper.make_tensor_value_info(name, kind, ["n", *shape])


def write_model(folder, name, kind, model, **said):
    """Write a model and its card, which says ``said`` too; return the card's path."""
    content = model if isinstance(model, bytes) else model.SerializeToString()
    (folder / f"{name}.onnx").write_bytes(content)
    card = {
        "name": name,
        "kind": kind,
        "weights": f"{name}.onnx",
        "sha256": digest(content),
        "inputs": list(KINDS[kind].inputs),
        "outputs": OUTPUTS,
        "preprocessing": KINDS[kind].preprocessing,
        "calibration": {"sharpness": 1.0, "growth": 0.0, "contrast": 0.0, "floor": 0.001},
    }
    path = folder / f"{name}.json"
    path.write_text(json.dumps(card | said))
    return path


def local_model(predict, overall):
    """Make a model of local resolution of a function of rows, beside the model of whole maps."""
    entries = {"overall_model_sha256": overall.card.sha256}
    card = replace(
        overall.card,
        name="stub",
        kind="local",
        calibration=Calibration(1.0, 0.0, 0.0, 0.0),
        entries=entries,
    )
    return replace(overall, card=card, predict=predict)
