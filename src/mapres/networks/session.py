"""A network that ONNX Runtime runs: on the device that is asked for, without a word of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .. import fourier
from ..errors import ModelError
from .kinds import OUTPUTS, Arrays, Kind

DEVICES = AUTO, _, GPU = ("auto", "cpu", "gpu")
CPU_PROVIDER = "CPUExecutionProvider"
# As builds of ONNX Runtime call them: NVIDIA, AMD (two), Windows, macOS. TensorRT is none of them:
# it compiles for minutes first.
GPU_PROVIDERS = (
    "CUDAExecutionProvider",
    "MIGraphXExecutionProvider",
    "ROCMExecutionProvider",
    "DmlExecutionProvider",
    "CoreMLExecutionProvider",
)
# What a probability on a GPU may differ by from the CPU's: as much as an export may.
TOLERANCE = 1e-3
# ONNX Runtime's levels end with 4, fatal: what it fails of is raised, and told as one sentence.
FATAL_ONLY = 4


@dataclass(frozen=True, eq=False)
class Session:
    """A network that is ready to be asked.

    Attributes
    ----------
    run : from arrays for the inputs, in their order, to probabilities
    provider : what computes it, as ONNX Runtime calls it
    notes : why it is not what was asked for, one sentence each
    """

    run: Callable[..., NDArray[np.float32]]
    provider: str
    notes: tuple[str, ...] = ()


def require_device(device: str) -> None:
    """Raise `ModelError` if there is no such device to ask for."""
    if device not in DEVICES:
        raise ModelError(f"the device {device!r} is not one of {', '.join(DEVICES)}; choose one.")


def open_session(content: bytes, name: str, kind: Kind, device: str) -> Session:
    """Make a session of the bytes of a weights file, which `graph.check_graph` has passed.

    A GPU is used if the installed ONNX Runtime offers one, can start it, and answers there as on
    the CPU; else the CPU is, and ``notes`` say why unless nobody asked for a GPU.

    Raises
    ------
    ModelError
        If ONNX Runtime is missing or refuses the weights, or their inputs are of another shape.
    """
    runtime = _runtime()
    session = _session(runtime, content, name, CPU_PROVIDER)
    _check_shapes(session, name, kind)
    on_cpu = _runner(session, name, kind)
    offered = [p for p in GPU_PROVIDERS if p in runtime.get_available_providers()]
    if device == GPU and not offered:
        note = "The installed ONNX Runtime offers no GPU: the network ran on the CPU."
        return Session(on_cpu, CPU_PROVIDER, (note,))
    if device not in (AUTO, GPU) or not offered:
        return Session(on_cpu, CPU_PROVIDER)
    return _on_gpu(runtime, content, name, kind, offered[0], on_cpu)


def _on_gpu(runtime, content: bytes, name: str, kind: Kind, provider: str, on_cpu) -> Session:
    probe = _probe(kind)
    try:
        session = _session(runtime, content, name, provider)
        if session.get_providers()[0] != provider:
            raise ModelError("it is not there.")
        run = _runner(session, name, kind)
        difference = float(np.abs(run(*probe) - on_cpu(*probe)).max())
    except ModelError as error:
        note = f"{provider} could not be used: the network ran on the CPU ({error})"
        return Session(on_cpu, CPU_PROVIDER, (note,))
    # Written so that NaN fails.
    if not difference <= TOLERANCE:
        note = (
            f"{provider} answers differently from the CPU, by {difference:.2g} in a probability: "
            "the network ran on the CPU."
        )
        return Session(on_cpu, CPU_PROVIDER, (note,))
    return Session(run, provider)


def _runtime():
    # From 1.29 on it would tell its makers of every session, and store an id in the home folder.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError(
            "networks need ONNX Runtime, which this Python does not have; "
            "install it with: pip install onnxruntime."
        ) from error
    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(FATAL_ONLY)
    return onnxruntime


def _failures(runtime) -> tuple[type[Exception], ...]:
    """Return what ONNX Runtime raises: a dozen exceptions without a base of their own."""
    types = (t for t in vars(runtime.capi.onnxruntime_pybind11_state).values() if type(t) is type)
    return (RuntimeError, ValueError, *(t for t in types if issubclass(t, Exception)))


def _session(runtime, content: bytes, name: str, provider: str):
    options = runtime.SessionOptions()
    options.log_severity_level = FATAL_ONLY
    options.intra_op_num_threads = fourier.WORKERS
    # An arena would keep the memory of the largest batch until the program ends.
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.load_model_format", "ONNX")
    try:
        return runtime.InferenceSession(
            content, options, providers=[provider], enable_fallback=False
        )
    except _failures(runtime) as error:
        raise ModelError(f"the weights {name} cannot be loaded ({_first_line(error)}).") from error


def _check_shapes(session, name: str, kind: Kind) -> None:
    """Refuse a network whose arrays are not those of its kind; the first axis is free."""
    wanted = kind.inputs | dict.fromkeys(OUTPUTS, kind.answer)
    for found in (*session.get_inputs(), *session.get_outputs()):
        shape = tuple(found.shape[1:])
        free = found.shape and not isinstance(found.shape[0], int)
        if not free or shape != wanted[found.name] or found.type != "tensor(float)":
            raise ModelError(
                f"the weights {name} are of another kind: {found.name} is {found.type} of shape "
                f"{found.shape}, not tensor(float) of {['any', *wanted[found.name]]}."
            )


def _runner(session, name: str, kind: Kind) -> Callable[..., NDArray[np.float32]]:
    def run(*arrays: NDArray) -> NDArray[np.float32]:
        given = {
            key: np.ascontiguousarray(array, np.float32)
            for key, array in zip(kind.inputs, arrays, strict=True)
        }
        try:
            return session.run(OUTPUTS, given)[0]
        except failures as error:
            raise ModelError(
                f"the network {name} failed ({_first_line(error)}); try device cpu."
            ) from error

    import onnxruntime

    failures = _failures(onnxruntime)
    return run


def _probe(kind: Kind) -> Arrays:
    """Return one example of noise for every input."""
    rng = np.random.default_rng(0)
    return tuple(rng.standard_normal((1, *s), dtype=np.float32) for s in kind.inputs.values())


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
