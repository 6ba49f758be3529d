"""From a map to a verdict with a model that tells the class only."""

import dataclasses
import json

import numpy as np
import pytest
from handmade import folded_chain

from mapres.errors import GridMismatchError, MapContentError
from mapres.features.distribution import CLASSES
from mapres.validation.validate import validate

# Voxels of 1.5 Å: two of them are 3 Å.
CHAIN = folded_chain()


@pytest.fixture(autouse=True)
def tiny(tiny_models):
    """Every model here says the same of any map: `dnn` medium, `cnn` low."""


def test_a_classifier_tells_class_and_probabilities_only():
    answer = validate(CHAIN, model="dnn")
    assert (answer.resolution_class, answer.patches) == ("medium", 1)
    assert (answer.resolution, answer.interval, answer.verdict) == (None, None, None)
    # Logits 0, 3 and 1.
    probabilities = np.exp([0, 3, 1]) / np.exp([0, 3, 1]).sum()
    assert list(answer.probabilities) == list(CLASSES)
    assert list(answer.probabilities.values()) == pytest.approx(probabilities)
    assert (answer.model_name, answer.model.count("@")) == ("dnn", 1)
    assert any("neither voxel size nor noise" in warning for warning in answer.warnings)


def test_json_says_null_where_a_classifier_is_silent():
    record = json.loads(json.dumps(validate(CHAIN, model="cnn", claimed=12.0).as_json()))
    assert (record["class"], record["verdict"]) == ("low", "consistent")
    assert (record["resolution_A"], record["interval_A"]) == (None, None)
    assert sum(record["probabilities"].values()) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(
    ("model", "claimed", "verdict"),
    [
        ("dnn", 5.0, "consistent"),  # exactly 5 is medium
        ("dnn", 9.99, "consistent"),
        ("dnn", 4.99, "optimistic"),
        ("dnn", 10.0, "pessimistic"),  # exactly 10 is low
        ("cnn", 10.0, "consistent"),
        ("cnn", 9.99, "optimistic"),
        ("cnn", 3.0, "optimistic"),
    ],
)
def test_the_class_alone_decides(model, claimed, verdict):
    answer = validate(CHAIN, model=model, claimed=claimed)
    assert answer.verdict == verdict
    assert not any("beyond the Nyquist limit" in warning for warning in answer.warnings)


def test_a_claim_beyond_nyquist_is_optimistic_in_its_own_class():
    """Two voxels are 6 Å, medium as 5.8 Å is; 5.9 Å is 6 Å rounded."""
    coarse = dataclasses.replace(CHAIN, voxel_size=(3.0, 3.0, 3.0))
    answer = validate(coarse, model="dnn", claimed=5.8)
    assert answer.verdict == "optimistic"
    assert any("beyond the Nyquist limit" in warning for warning in answer.warnings)
    assert validate(coarse, model="dnn", claimed=5.9).verdict == "consistent"


def test_half_maps_decide_the_verdict():
    halves = folded_chain(seed=1), folded_chain(seed=2)
    fsc = validate(CHAIN, model="cnn", half_maps=halves).half_map_fsc
    # The chain's half maps agree far beyond 10 Å, where `cnn` puts them.
    assert fsc < 5
    judged = {
        claimed: validate(CHAIN, model="cnn", claimed=claimed, half_maps=halves).verdict
        for claimed in (1.05 * fsc, 1.2 * fsc, 12.0)
    }
    assert list(judged.values()) == ["consistent", "pessimistic", "pessimistic"]


def test_half_maps_that_decide_nothing_leave_nothing_to_the_class():
    half = folded_chain(seed=1)
    answer = validate(CHAIN, model="dnn", claimed=7.0, half_maps=(half, half))
    assert (answer.verdict, answer.half_map_fsc) == ("inconclusive", None)
    assert any("same map" in warning for warning in answer.warnings)


def test_half_maps_on_another_grid():
    short = CHAIN.with_values(CHAIN.values[:-1])
    with pytest.raises(GridMismatchError, match="same grid"):
        validate(CHAIN, model="dnn", half_maps=(CHAIN, short))


@pytest.mark.parametrize("shape", [(16, 16, 16), (20, 40, 70), (64, 65, 66), (80, 72, 100)])
def test_boxes_of_any_shape_are_read(shape):
    answer = validate(folded_chain(shape), model="dnn", claimed=7.0)
    assert (answer.box, answer.verdict) == (shape[::-1], "consistent")


def test_a_constant_map_is_refused_before_any_network_sees_it(monkeypatch):
    def never(name, device):
        raise AssertionError(f"{name} was loaded")

    monkeypatch.setattr("mapres.validation.validate.load", never)
    with pytest.raises(MapContentError, match="is constant"):
        validate(CHAIN.with_values(np.ones_like(CHAIN.values)), model="dnn")


def test_progress_says_which_model_is_at_work():
    said = []
    validate(CHAIN, model="dnn", progress=lambda fraction, message: said.append(message))
    assert list(dict.fromkeys(said)) == [
        "dnn: loading the model",
        "dnn: finding the molecule",
        "dnn: predicting from the central 64³ voxels",
    ]
