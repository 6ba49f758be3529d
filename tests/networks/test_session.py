"""Devices: what is asked for, what is used, and the sentence where the two differ."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from graphs import constant_graph, write_model
from handmade import folded_chain

from mapres import local_resolution, validate
from mapres.errors import MapResError, ModelError
from mapres.networks import session as sessions
from mapres.networks.registry import load

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
BOXES = np.zeros((2, 64, 64, 64), np.float32)


@pytest.fixture
def card(tmp_path):
    return str(write_model(tmp_path, "own", "class", constant_graph("class", [0.2, 0.5, 0.3])))


@pytest.fixture
def offered(monkeypatch):
    """Let ONNX Runtime say that it has a GPU, whose answers are made of the CPU's."""
    usual = sessions._opened

    def offer(change):
        def opened(runtime, content, name, kind, provider):
            run = usual(runtime, content, name, kind, CPU)
            return run if provider == CPU else lambda *arrays: change(run(*arrays))

        monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
        monkeypatch.setattr(sessions, "_opened", opened)

    return offer


def test_the_cpu_is_used_where_there_is_nothing_else(card):
    for device in ("auto", "cpu"):
        model = load(card, device)
        assert (model.provider, model.notes) == (CPU, ())
    model = load(card, "gpu")
    assert model.provider == CPU and "has no GPU support" in model.notes[0]


def test_a_gpu_is_used_where_it_is_offered_and_agrees(card, offered):
    offered(lambda answer: answer + np.float32(1e-5))
    for device in ("auto", "gpu"):
        model = load(card, device)
        assert (model.provider, model.notes) == (CUDA, ())
        assert model.predict(BOXES)[0] == pytest.approx([0.2, 0.5, 0.3], abs=1e-4)
    assert load(card, "cpu").provider == CPU


@pytest.mark.parametrize("difference", [0.01, np.nan])
def test_a_gpu_that_answers_differently_is_not_believed(card, offered, difference):
    offered(lambda answer: answer + np.float32(difference))
    model = load(card)
    assert model.provider == CPU and "its probabilities differ" in model.notes[0]
    assert model.predict(BOXES)[0] == pytest.approx([0.2, 0.5, 0.3])


def test_a_gpu_that_fails_is_told(card, offered):
    def fail(answer):
        raise ModelError("the network own.onnx failed (no memory).")

    offered(fail)
    assert load(card).provider == CPU and "no memory" in load(card, "gpu").notes[0]


@pytest.mark.filterwarnings("ignore:Specified provider")
def test_a_gpu_that_does_not_start_is_told(card, monkeypatch):
    """ONNX Runtime itself: it is asked for what this build does not have."""
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    model = load(card)
    assert model.provider == CPU and f"{CUDA} could not be used" in model.notes[0]


def test_coreml_is_used_only_where_it_is_asked_for(card, offered, monkeypatch):
    """It is in every build for macOS."""
    offered(lambda answer: answer)
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [sessions.COREML, CPU])
    assert (load(card).provider, load(card, "gpu").provider) == (CPU, sessions.COREML)


def test_an_unknown_device_is_refused_by_every_method():
    chain = folded_chain()
    for method in ("mapres", "monores"):
        with pytest.raises(MapResError, match="not one of auto, cpu, gpu"):
            local_resolution(chain, method=method, device="tpu")
    with pytest.raises(MapResError, match="not one of auto, cpu, gpu"):
        validate(chain, device="tpu")


def test_answers_name_the_provider_and_say_why_it_is_not_a_gpu():
    chain = folded_chain()
    answer = validate(chain, device="gpu")
    assert answer.provider == answer.as_json()["provider"] == CPU
    assert sum("has no GPU support" in warning for warning in answer.warnings) == 1
    local = local_resolution(chain, device="gpu")
    assert local.provider == CPU
    assert sum("has no GPU support" in warning for warning in local.warnings) == 1
    monores = local_resolution(chain, method="monores", device="gpu")
    assert monores.provider is None and "runs on the CPU only" in monores.warnings[0]


def test_the_runtime_is_silent_and_tells_nobody(tmp_path):
    """Neither stderr nor a folder of the home gets anything."""
    chain, home = tmp_path / "chain.npy", tmp_path / "home"
    np.save(chain, folded_chain().values)
    home.mkdir()
    code = (
        "import sys, json, numpy, mapres; from mapres.density import Density;"
        "found = mapres.validate(Density(numpy.load(sys.argv[1]), (1.5, 1.5, 1.5)), device='gpu');"
        "print(json.dumps(found.as_json()))"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("ORT_", "XDG_"))}
    source = str(Path(sessions.__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", code, str(chain)],
        capture_output=True,
        text=True,
        env=environment | {"HOME": str(home), "PYTHONPATH": source},
    )
    assert json.loads(done.stdout)["provider"] == CPU
    assert done.stderr == "" and list(home.iterdir()) == []
