"""What the graph of a model may hold: standard operators, and its numbers in the file itself.

ONNX Runtime would open other files that a graph names, and go round a loop for ever. So a graph is
read first, as the protocol buffer that it is (the field numbers are those of onnx.proto, IR 12).
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message, message_factory

from ..errors import ModelError

DOMAINS = (b"", b"ai.onnx")
# tf2onnx names it, and uses none of its operators: trees, of which a deep one ends the process.
UNUSED = b"ai.onnx.ml"
# Of all loops together; what stands for a number that is not fixed.
MOST_STEPS = 1_000_000
TOO_MANY = MOST_STEPS + 1
# Numbers of onnx.proto: where a tensor's data are, and what an attribute holds.
EXTERNAL = 1
INT, TENSOR = 2, 4
# ONNX Runtime's own format, which is no protocol buffer, has this at its fifth byte.
RUNTIME_FORMAT = b"ORTM"
# Of each message what is looked at: the number of a field and its type, with a star if repeated.
# Names are bytes, because nothing says that they are text.
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
    """Refuse a model file that holds more than a network of those inputs and outputs.

    Raises
    ------
    ModelError
        One sentence that says what it holds.
    """
    if content[4:8] == RUNTIME_FORMAT:
        raise ModelError(f"the weights {name} are not in ONNX format; export them as ONNX.")
    try:
        model = _model_class().FromString(content)
    except (message.DecodeError, RecursionError) as error:
        raise ModelError(f"the weights {name} cannot be loaded (they are no ONNX file).") from error
    if reason := next(_reasons(model, inputs, outputs), None):
        raise ModelError(f"the weights {name} are refused: {reason}.")


def _reasons(model: Any, inputs: set[str], outputs: set[str]) -> Iterator[str]:
    if model.functions or model.training:
        yield "they define functions or training of their own, and may hold a graph only"
    for opset in model.opsets:
        if opset.domain != UNUSED:
            yield from _of_domain(opset.domain)
    loops: list[int] = []
    yield from _of_graph(model.graph, 1, ChainMap(), loops)
    if sum(loops) > MOST_STEPS:
        yield f"their loops have more than {MOST_STEPS:,} steps, or a number that is not fixed"
    held = {tensor.name for tensor in model.graph.tensors}
    sides = ("inputs", model.graph.inputs, inputs), ("outputs", model.graph.outputs, outputs)
    for what, values, named in sides:
        # Older files list their numbers among the inputs.
        hidden = held if what == "inputs" else ()
        found = {_text(value.name) for value in values if value.name not in hidden}
        if found != named:
            yield f"they have the {what} {_list(found)} where the card names {_list(named)}"


def _of_graph(graph: Any, steps: int, outer: ChainMap, loops: list[int]) -> Iterator[str]:
    """Say what is wrong with a graph that is run ``steps`` times; ``outer`` is what it can see.

    What its loops have of steps is added to ``loops``.
    """
    known = outer.new_child({tensor.name: tensor for tensor in graph.tensors})
    for node in graph.nodes:
        if node.operator == b"Constant":
            known.update(dict.fromkeys(node.outputs, node))
    # Last: what is handed in hides a number of the same name.
    known.update(dict.fromkeys(value.name for value in graph.inputs))
    attributes = [attribute for node in graph.nodes for attribute in node.attributes]
    tensors = [*graph.tensors, *(t for a in attributes for t in (a.t, *a.tensors))]
    if any(t.external or t.location == EXTERNAL for t in tensors):
        yield "their numbers are in another file; store them inside"
    if graph.sparse or any(a.sparse or a.sparses for a in attributes):
        yield "their numbers are stored as sparse tensors; store them in full"
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
        yield f"they need operators of {_text(domain)}; export them with those of ONNX only"


def _times(node: Any, known: ChainMap) -> int:
    """Return how often a node runs the graph in it; where that is not fixed, too often."""
    if node.operator == b"Loop" and node.inputs:
        return max(0, _number(known.get(node.inputs[0])))
    if node.operator == b"Scan":
        # Over one axis of its last inputs; none is longer than the longest.
        scanned = sum(a.i for a in node.attributes if a.name == b"num_scan_inputs")
        names = node.inputs[-scanned:] if scanned > 0 else (b"",)
        return max(_longest(known.get(name)) for name in names)
    return TOO_MANY


def _number(source: Any) -> int:
    """Return the whole number that a tensor or a node Constant holds, if it says one thing only."""
    if hasattr(source, "attributes"):
        (said,) = source.attributes if len(source.attributes) == 1 else (None,)
        if said is not None and (said.name, said.type) == (b"value_int", INT):
            return said.i
        source = (
            said.t if said is not None and (said.name, said.type) == (b"value", TENSOR) else None
        )
    if source is None or (bool(source.raw) == bool(source.int64s)):
        return TOO_MANY
    if len(source.int64s) == 1:
        return source.int64s[0]
    return int.from_bytes(source.raw, "little", signed=True) if len(source.raw) == 8 else TOO_MANY


def _longest(source: Any) -> int:
    """Return the longest axis of a tensor; of anything else only the runtime knows it."""
    return max(source.dims, default=TOO_MANY) if hasattr(source, "dims") else TOO_MANY


def _text(name: bytes) -> str:
    text = name.decode("utf-8", "replace")
    return "".join(letter for letter in text if letter.isprintable())[:60]


def _list(names: set[str]) -> str:
    return ", ".join(sorted(names)[:8]) or "none"


@cache
def _model_class() -> Any:
    """Return the message class of a model, in a pool of our own: others may define ONNX too."""
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
