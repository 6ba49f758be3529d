"""What a model file may not hold."""

import numpy as np
import onnx
import pytest
from graphs import constant_graph, described, model_of
from onnx import TensorProto, helper, numpy_helper

from mapres.errors import ModelError
from mapres.networks import registry
from mapres.networks.graph import MOST_STEPS, check_graph

NAMES = {"box"}, {"probabilities"}
WHOLE = TensorProto.INT64


def check(model):
    content = model if isinstance(model, bytes) else model.SerializeToString()
    check_graph(content, "own.onnx", *NAMES)


def refused(model, words):
    with pytest.raises(ModelError, match=words) as caught:
        check(model)
    assert "\n" not in str(caught.value) and "own.onnx" in str(caught.value)


def scalar(value, name):
    return numpy_helper.from_array(np.array(value, np.int64), name)


def body(nodes=(), inputs=(), extra=()):
    """Return the inside of a Loop that goes on: its condition is handed through."""
    condition = helper.make_tensor_value_info("go_on", TensorProto.BOOL, [])
    answer = helper.make_tensor_value_info("on", TensorProto.BOOL, [])
    number = helper.make_tensor_value_info("number", WHOLE, [])
    same = helper.make_node("Identity", ["go_on"], ["on"])
    return helper.make_graph(
        [same, *nodes], "body", [number, condition, *inputs], [answer], list(extra)
    )


def with_nodes(nodes, tensors=()):
    model = constant_graph("class", 1 / 3)
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(tensors)
    return model


def loop(count="count", inside=None, outputs=()):
    return helper.make_node("Loop", [count, ""], list(outputs), body=inside or body())


def test_shipped_graphs_and_plain_ones_pass():
    check(constant_graph("class", 1 / 3))
    for name in registry.available():
        registry.load(name)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\xff" * 100, bytes(64)])
def test_what_is_no_graph(content):
    with pytest.raises(ModelError):
        check(content)


def test_the_runtimes_own_format():
    refused(b"\0\0\0\0ORTM" + bytes(100), "not in ONNX format")


def test_numbers_in_another_file():
    model = constant_graph("class", 1 / 3)
    tensor = model.graph.initializer[1]
    onnx.external_data_helper.set_external_data(tensor, "../../etc/passwd")
    refused(model, "in another file")
    attribute = helper.make_node("Constant", [], ["more"], value=tensor)
    refused(with_nodes([attribute]), "in another file")
    inside = body([attribute])
    refused(with_nodes([loop(inside=inside)], [scalar(1, "count")]), "in another file")


def test_numbers_that_only_say_they_are_elsewhere():
    model = constant_graph("class", 1 / 3)
    model.graph.initializer[1].data_location = TensorProto.EXTERNAL
    refused(model, "in another file")


def test_sparse_numbers():
    """Their parts would be tensors of their own."""
    model = constant_graph("class", 1 / 3)
    values, places = numpy_helper.from_array(np.ones(1, np.float32)), scalar([3], "places")
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [9]))
    refused(model, "sparse tensors")


@pytest.mark.parametrize("domain", ["com.microsoft", "my.own", "ai.onnx.training", "ai.onnx.ml"])
def test_operators_of_other_domains(domain):
    node = helper.make_node("Gelu", ["box"], ["more"], domain=domain)
    refused(with_nodes([node]), f"operators of {domain}")
    refused(with_nodes([loop(inside=body([node]))], [scalar(1, "count")]), domain)
    plain = constant_graph("class", 1 / 3).graph
    if domain != "ai.onnx.ml":
        refused(model_of(plain, ("", domain)), domain)


def test_functions_of_its_own():
    model = constant_graph("class", 1 / 3)
    model.functions.append(
        helper.make_function("my.own", "F", ["x"], ["y"], [], [helper.make_opsetid("", 17)])
    )
    refused(model, "functions or training")


@pytest.mark.parametrize("steps", [0, 10, MOST_STEPS])
def test_short_loops_pass(steps):
    check(with_nodes([loop()], [scalar(steps, "count")]))
    constant = helper.make_node("Constant", [], ["count"], value_int=steps)
    check(with_nodes([constant, loop()]))
    constant = helper.make_node("Constant", [], ["count"], value=scalar(steps, "x"))
    check(with_nodes([constant, loop()]))


def test_long_loops():
    refused(
        with_nodes([loop()], [scalar(MOST_STEPS + 1, "count")]), "loops have more than 1,000,000"
    )
    typed = helper.make_tensor("count", WHOLE, [], [10**12])
    refused(with_nodes([loop()], [typed]), "loop")
    constant = helper.make_node("Constant", [], ["count"], value_int=10**9)
    refused(with_nodes([constant, loop()]), "loop")


def test_loops_in_loops_count_together():
    def nested(steps):
        return with_nodes([loop(inside=body([loop()]))], [scalar(steps, "count")])

    check(nested(999))
    refused(nested(1000), "loop")


def test_loops_without_a_fixed_number_of_steps():
    refused(with_nodes([loop("")]), "loop")
    refused(with_nodes([loop("computed")]), "loop")
    # What is handed into the inside hides the number of the same name outside.
    count = helper.make_tensor_value_info("count", WHOLE, [])
    inside = body([loop()], [count], [scalar(1, "count")])
    outer = helper.make_node("Loop", ["ten", "", "many"], ["last"], body=inside)
    refused(with_nodes([outer], [scalar(10, "ten"), scalar(10**9, "many")]), "loop")


def test_loops_count_together():
    check(with_nodes([loop(), loop()], [scalar(MOST_STEPS // 2, "count")]))
    refused(with_nodes([loop()] * 3, [scalar(MOST_STEPS // 2, "count")]), "loop")


def test_a_number_of_steps_says_one_thing_only():
    both = helper.make_tensor("count", WHOLE, [], [1])
    both.raw_data = (2000).to_bytes(8, "little")
    refused(with_nodes([loop()], [both]), "loop")
    two = helper.make_node("Constant", [], ["count"], value=scalar(2000, "x"))
    two.attribute.append(helper.make_attribute("value_int", 1))
    refused(with_nodes([two, loop()]), "loop")
    disguised = helper.make_node("Constant", [], ["count"], value=scalar(2000, "x"))
    disguised.attribute[0].name, disguised.attribute[0].i = "value_int", 1
    refused(with_nodes([disguised, loop()]), "loop")


def test_scans_go_over_an_axis_of_known_length():
    value = helper.make_tensor_value_info("x", TensorProto.FLOAT, [])
    answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, [])
    inside = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", [value], [answer])
    scan = helper.make_node("Scan", ["line"], ["more"], body=inside, num_scan_inputs=1)
    line = numpy_helper.from_array(np.zeros(50, np.float32), "line")
    check(with_nodes([scan], [line]))
    refused(with_nodes([scan]), "loop")
    # What is described may be longer than it says, and the runtime goes by what it is.
    said = helper.make_tensor_value_info("line", TensorProto.FLOAT, [1])
    model = with_nodes([scan])
    model.graph.value_info.append(said)
    refused(model, "loop")
    handed = helper.make_node("Loop", ["ten", "", "many"], ["last"], body=body([scan], [said]))
    refused(with_nodes([handed], [scalar(10, "ten")]), "loop")


def test_branches_are_looked_into():
    long = helper.make_graph([loop()], "long", [], [described("z", [])], [scalar(10**9, "count")])
    branch = helper.make_node("If", ["c"], ["z"], then_branch=long, else_branch=long)
    refused(with_nodes([branch]), "loop")


def test_inputs_and_outputs_that_the_card_does_not_name():
    model = constant_graph("class", 1 / 3)
    model.graph.input.append(described("more", [3]))
    refused(model, "the inputs box, more where the card names box")
    model = constant_graph("class", 1 / 3)
    model.graph.output.append(described("said", [3]))
    refused(model, "the outputs probabilities, said")
    model = constant_graph("class", 1 / 3)
    model.graph.output.append(helper.make_tensor_value_info("zero", TensorProto.FLOAT, [1]))
    refused(model, "the outputs probabilities, zero")
    # Older files list their numbers among the inputs.
    model = constant_graph("class", 1 / 3)
    model.graph.input.append(helper.make_tensor_value_info("zero", TensorProto.FLOAT, [1]))
    check(model)
