"""Checks of ONNX graphs: standard operators only, and all data in the file itself.

ONNX Runtime would open any file that a graph names, and run an endless loop. So a graph is first
parsed as a protocol buffer (the field numbers are those of onnx.proto, IR 12).
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory

from ..errors import ModelError

DOMAINS = (b"", b"ai.onnx")
# Declared by tf2onnx but not used. Its operators stay forbidden: deep trees crash the process.
UNUSED = b"ai.onnx.ml"
# Steps of all loops together; the second stands for an unknown number.
MOST_STEPS = 1_000_000
TOO_MANY = MOST_STEPS + 1
# Enums of onnx.proto: location of a tensor's data, and types of attributes.
EXTERNAL = 1
INT, TENSOR = 2, 4
# ONNX Runtime's own format, not a protocol buffer, has this at its fifth byte.
RUNTIME_FORMAT = b"ORTM"
# The fields of each message that are checked: number and type, with a star if repeated. Names are
# bytes, because they may not be valid text.
_MESSAGES = {
    "Model": {"graph": (7, "Graph"), "opsets": (8, "*Opset"), "training": (20, "*bytes"),
              "functions": (25, "*bytes")},
    "Opset": {"domain": (1, "bytes")},
    "Graph": {"nodes": (1, "*Node"), "tensors": (5, "*Tensor"), "inputs": (11, "*Value"),
              "outputs": (12, "*Value"), "sparse": (15, "*bytes")},
    "Node": {"inputs": (1, "*bytes"), "outputs": (2, "*bytes"), "operator": (4, "bytes"),
             "attributes": (5, "*Attribute"), "domain": (7, "bytes")},
    "Attribute": {"name": (1, "bytes"), "i": (3, "int64"), "t": (5, "Tensor"), "g": (6, "Graph"),
                  "tensors": (10, "*Tensor"), "graphs": (11, "*Graph"), "type": (20, "int64"),
                  "sparse": (22, "bytes"), "sparses": (23, "*bytes")},
    "Tensor": {"dims": (1, "*int64"), "int64s": (7, "*int64"), "name": (8, "bytes"),
               "raw": (9, "bytes"), "external": (13, "*bytes"), "location": (14, "int64")},
    "Value": {"name": (1, "bytes")},
}  # fmt: skip


def check_graph(content: bytes, name: str, inputs: set[str], outputs: set[str]) -> None:
    """Reject a model file that is more than a network with these inputs and outputs.

    Raises
    ------
    ModelError
        With the reason, in one sentence.
    """
    if content[4:8] == RUNTIME_FORMAT:
        raise ModelError(f"the weights {name} are not in ONNX format; export them as ONNX.")
    try:
        model = _model_class().FromString(content)
    except (message.DecodeError, RecursionError) as error:
        raise ModelError(f"the weights {name} cannot be loaded (not an ONNX file).") from error
    if reason := next(_reasons(model, inputs, outputs), None):
        raise ModelError(f"the weights {name} are refused: {reason}.")


def _reasons(model: Any, inputs: set[str], outputs: set[str]) -> Iterator[str]:
    if model.functions or model.training:
        yield "they define functions or training of their own; store a graph only"
    for opset in model.opsets:
        if opset.domain != UNUSED:
            yield from _of_domain(opset.domain)
    loops: list[int] = []
    yield from _of_graph(model.graph, 1, ChainMap(), loops)
    if sum(loops) > MOST_STEPS:
        yield f"their loops have more than {MOST_STEPS:,} steps, or an unknown number"
    held = {tensor.name for tensor in model.graph.tensors}
    sides = ("inputs", model.graph.inputs, inputs), ("outputs", model.graph.outputs, outputs)
    for what, values, named in sides:
        # Older files list their initializers among the inputs.
        hidden = held if what == "inputs" else ()
        found = {_text(value.name) for value in values if value.name not in hidden}
        if found != named:
            yield f"they have the {what} {_list(found)} where the card names {_list(named)}"


def _of_graph(graph: Any, steps: int, outer: ChainMap, loops: list[int]) -> Iterator[str]:
    """Yield what is wrong with a graph that is run ``steps`` times; ``outer`` holds outer names.

    The number of steps of each of its loops is added to ``loops``.
    """
    known = outer.new_child({tensor.name: tensor for tensor in graph.tensors})
    for node in graph.nodes:
        if node.operator == b"Constant":
            known.update(dict.fromkeys(node.outputs, node))
    # Last: an input hides a constant of the same name.
    known.update(dict.fromkeys(value.name for value in graph.inputs))
    attributes = [attribute for node in graph.nodes for attribute in node.attributes]
    tensors = [*graph.tensors, *(t for a in attributes for t in (a.t, *a.tensors))]
    if any(t.external or t.location == EXTERNAL for t in tensors):
        yield "their data are in another file; store them inside"
    if graph.sparse or any(a.sparse or a.sparses for a in attributes):
        yield "their data are stored as sparse tensors; store them in full"
    for node in graph.nodes:
        yield from _of_domain(node.domain)
        inside = [g for a in node.attributes for g in (*a.graphs, *([a.g] * a.HasField("g")))]
        times = steps
        if inside and node.operator != b"If":
            times *= _times(node, known)
            loops.append(times)
        for part in inside:
            yield from _of_graph(part, times, known, loops)


def _of_domain(domain: bytes) -> Iterator[str]:
    if domain not in DOMAINS:
        yield f"they need operators of {_text(domain)}; export them with ONNX operators only"


def _times(node: Any, known: ChainMap) -> int:
    """Return how often a node runs its subgraph; `TOO_MANY` if unknown."""
    if node.operator == b"Loop" and node.inputs:
        return max(0, _number(known.get(node.inputs[0])))
    if node.operator == b"Scan":
        # Over one axis of its last inputs; none is longer than the longest.
        scanned = sum(a.i for a in node.attributes if a.name == b"num_scan_inputs")
        names = node.inputs[-scanned:] if scanned > 0 else (b"",)
        return max(_longest(known.get(name)) for name in names)
    return TOO_MANY


def _number(source: Any) -> int:
    """Return the integer in a tensor or a Constant node; `TOO_MANY` if not exactly one."""
    if hasattr(source, "attributes"):
        (value,) = source.attributes if len(source.attributes) == 1 else (None,)
        if value is not None and (value.name, value.type) == (b"value_int", INT):
            return value.i
        if value is None or (value.name, value.type) != (b"value", TENSOR):
            return TOO_MANY
        source = value.t
    if source is None or (bool(source.raw) == bool(source.int64s)):
        return TOO_MANY
    if len(source.int64s) == 1:
        return source.int64s[0]
    return int.from_bytes(source.raw, "little", signed=True) if len(source.raw) == 8 else TOO_MANY


def _longest(source: Any) -> int:
    """Return the longest axis of a tensor; `TOO_MANY` for anything else."""
    return max(source.dims, default=TOO_MANY) if hasattr(source, "dims") else TOO_MANY


def _text(name: bytes) -> str:
    text = name.decode("utf-8", "replace")
    return "".join(letter for letter in text if letter.isprintable())[:60]


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names)[:8]) or "none"


@cache
def _model_class() -> Any:
    """Return the message class of a model, in a private pool: others may define ONNX too."""
    file = descriptor_pb2.FileDescriptorProto(name="mapres_onnx.proto", package="mapres_onnx")
    kinds = descriptor_pb2.FieldDescriptorProto
    for message_name, fields in _MESSAGES.items():
        described = file.message_type.add(name=message_name)
        for field, (number, kind) in fields.items():
            label = kinds.LABEL_REPEATED if kind[0] == "*" else kinds.LABEL_OPTIONAL
            made = described.field.add(name=field, number=number, label=label)
            kind = kind.lstrip("*")
            if kind in _MESSAGES:
                made.type, made.type_name = kinds.TYPE_MESSAGE, f".mapres_onnx.{kind}"
            else:
                made.type = {"bytes": kinds.TYPE_BYTES, "int64": kinds.TYPE_INT64}[kind]
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("mapres_onnx.Model"))
