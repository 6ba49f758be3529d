"""Networks run by ONNX Runtime on the requested device, without messages of its own."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import nullcontext

import numpy as np
from numpy.typing import NDArray

from .. import threads
from ..errors import ModelError
from .kinds import OUTPUTS, Kind

# From arrays for the inputs of a kind, in their order, to probabilities.
Run = Callable[..., NDArray[np.float32]]
DEVICES = AUTO, CPU, GPU = ("auto", "cpu", "gpu")
CPU_PROVIDER = "CPUExecutionProvider"
# In every build for macOS, and so not used by default: with the device gpu only.
COREML = "CoreMLExecutionProvider"
# Providers of ONNX Runtime for NVIDIA, AMD (two), Windows, macOS. TensorRT is left out: it compiles
# for minutes first, and prints messages.
GPU_PROVIDERS = (
    *("CUDAExecutionProvider", "MIGraphXExecutionProvider", "ROCMExecutionProvider"),
    *("DmlExecutionProvider", COREML),
)
# Largest difference of a probability between GPU and CPU, the same as for exports.
TOLERANCE = 1e-3
# ONNX Runtime's log level. Failures are raised anyway.
FATAL_ONLY = 4


def require_device(device: str) -> None:
    """Raise `ModelError` if there is no such device."""
    if device not in DEVICES:
        raise ModelError(f"the device {device!r} is not one of {', '.join(DEVICES)}; choose one.")


def open_session(
    content: bytes, name: str, kind: Kind, device: str
) -> tuple[Run, str, tuple[str, ...]]:
    """Open a session from the bytes of a weights file that passed `graph.check_graph`.

    A GPU is used if the installed ONNX Runtime supports one, can start it, and gives the same
    output there as on the CPU; else the CPU is used.

    Returns
    -------
    The network, its execution provider, and why that is not the requested device, one sentence
    each.

    Raises
    ------
    ModelError
        If ONNX Runtime is missing or refuses the weights, or inputs or outputs have the wrong
        shape.
    """
    runtime = _runtime()
    on_cpu = _opened(runtime, content, name, kind, CPU_PROVIDER)
    offered = [p for p in GPU_PROVIDERS if p in runtime.get_available_providers()]
    if device == AUTO and COREML in offered:
        offered.remove(COREML)
    if device == CPU or (device == AUTO and not offered):
        return on_cpu, CPU_PROVIDER, ()
    if not offered:
        note = "The installed ONNX Runtime has no GPU support: the network ran on the CPU."
        return on_cpu, CPU_PROVIDER, (note,)
    try:
        on_gpu = _opened(runtime, content, name, kind, offered[0])
        rng = np.random.default_rng(0)
        probe = [rng.standard_normal((1, *s), dtype=np.float32) for s in kind.inputs.values()]
        difference = float(np.abs(on_gpu(*probe) - on_cpu(*probe)).max())
        # Written so that NaN fails.
        if not difference <= TOLERANCE:
            raise ModelError(f"its probabilities differ from the CPU's by {difference:.2g}.")
    except ModelError as error:
        note = f"{offered[0]} could not be used, the network ran on the CPU: {error}"
        return on_cpu, CPU_PROVIDER, (note,)
    return on_gpu, offered[0], ()


def _runtime():
    # From 1.29 on it would report every session to its makers, and store an ID in the home folder.
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnxruntime
    except ImportError as error:
        raise ModelError(
            "networks require ONNX Runtime, which is not installed; "
            "install it with: pip install onnxruntime."
        ) from error
    onnxruntime.disable_telemetry_events()
    onnxruntime.set_default_logger_severity(FATAL_ONLY)
    return onnxruntime


def _opened(runtime, content: bytes, name: str, kind: Kind, provider: str) -> Run:
    """Return the network on a provider as a function of arrays for its inputs."""
    options = runtime.SessionOptions()
    options.log_severity_level = FATAL_ONLY
    options.intra_op_num_threads = 1 if kind.one_thread else threads.count()
    # An arena would keep the memory of the largest batch until the program ends.
    options.enable_cpu_mem_arena = False
    # Its threads would wait actively, and take the cores from ours.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.load_model_format", "ONNX")
    # It raises a dozen exceptions without a common base class.
    types = (t for t in vars(runtime.capi.onnxruntime_pybind11_state).values() if type(t) is type)
    failures: tuple[type[Exception], ...] = (RuntimeError, ValueError)
    failures += tuple(t for t in types if issubclass(t, Exception))
    try:
        session = runtime.InferenceSession(
            content, options, providers=[provider], enable_fallback=False
        )
        sides = (*session.get_inputs(), *session.get_outputs())
        described = [(side.name, side.shape, side.type) for side in sides]
    except failures as error:
        raise ModelError(f"the weights {name} cannot be loaded ({_first_line(error)}).") from error
    if session.get_providers()[0] != provider:
        raise ModelError("it failed to start.")
    _check_shapes(described, name, kind)

    # Several threads may share a session on the CPU, but not the allocators of GPUs.
    turn = nullcontext() if provider == CPU_PROVIDER else threading.Lock()

    def run(*arrays: NDArray) -> NDArray[np.float32]:
        floats = (np.ascontiguousarray(array, np.float32) for array in arrays)
        try:
            with turn:
                (output,) = session.run(OUTPUTS, dict(zip(kind.inputs, floats, strict=True)))
        except failures as error:
            raise ModelError(
                f"the network {name} failed on {provider} ({_first_line(error)}); choose another "
                "model or device."
            ) from error
        if output.shape != (len(arrays[0]), *kind.answer) or not _are_probabilities(output):
            raise ModelError(
                f"the network {name} does not return probabilities; use another model."
            )
        return output

    return run


def _are_probabilities(values: NDArray) -> bool:
    """Return whether the last axis holds probabilities; written so that NaN fails."""
    if not (values.min() >= -TOLERANCE and values.max() <= 1 + TOLERANCE):
        return False
    return bool(np.abs(values.sum(axis=-1) - 1).max() <= 0.01)


def _check_shapes(described: list[tuple], name: str, kind: Kind) -> None:
    """Reject a network whose arrays do not fit its kind; the first axis is free."""
    wanted = kind.inputs | dict.fromkeys(OUTPUTS, kind.answer)
    for side, shape, type_ in described:
        free = shape and not isinstance(shape[0], int)
        if not free or tuple(shape[1:]) != wanted[side] or type_ != "tensor(float)":
            raise ModelError(
                f"the weights {name} are of another kind: {side} is {type_} of shape "
                f"{shape!r:.80}, not tensor(float) of {['any', *wanted[side]]}."
            )


def _first_line(error: Exception) -> str:
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return "".join(letter for letter in line if letter.isprintable())[:200]
