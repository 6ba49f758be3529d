"""The registry of models: a JSON card next to each weights file, checked before loading.

Checks run in this order: size and types of the card, size and SHA-256 of the weights, their graph.
ONNX Runtime then gets the very bytes that were checked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import ModelError
from .card import Calibration, Card, read_card
from .kinds import KINDS
from .session import AUTO, open_session, require_device

# From patches and their map's profile to distributions over the bins, shape (n, bins); from boxes,
# shape (n, 64, 64, 64), to the probabilities of the three classes, shape (n, 3); from cells, see
# `relative.rows`, or cubes, to the probabilities of each.
Predict = Callable[..., NDArray[np.float32]]
FOLDER = Path(__file__).parent / "weights"
LARGEST_WEIGHTS = 500_000_000
# The global models, in the order in which `ALL` runs and shows them.
SHIPPED = {
    "default": "Class, resolution in Å and its 90% interval.",
    "dnn": "The dense network of Avramov et al. 2019: class only.",
    "cnn": "The 3D CNN of Avramov et al. 2019: class only.",
}
ALL = "all"
ALL_SUMMARY = "Every model, side by side."


@dataclass(frozen=True, eq=False)
class Model:
    """A loaded model.

    Attributes
    ----------
    card : its card
    predict : see `Predict`
    device : the requested device, one of `session.DEVICES`
    provider : ONNX Runtime's execution provider that runs it
    notes : why that is not the requested device, one sentence each
    """

    card: Card
    predict: Predict
    device: str
    provider: str
    notes: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """``name@first 12 digits of the sha256``, for reports."""
        return f"{self.card.name}@{self.card.sha256[:12]}"

    @property
    def calibration(self) -> Calibration:
        """The calibration of a model of a kind that has one."""
        assert self.card.calibration is not None
        return self.card.calibration


def available() -> list[str]:
    """Return the names of the installed models."""
    return [name for name in SHIPPED if card_path(name).is_file()]


def summaries() -> dict[str, str]:
    """Return a line about each installed global model, and about `ALL` of them."""
    return {name: SHIPPED[name] for name in available()} | {ALL: ALL_SUMMARY}


def chosen(name: str) -> tuple[str, ...]:
    """Return the models that a name stands for: every installed one for ``all``, else one."""
    return tuple(available()) if name == ALL else (name,)


def card_path(name: str) -> Path:
    """Return the path of a model's card, given the model's name or that path."""
    return Path(name).expanduser() if str(name).endswith(".json") else FOLDER / f"{name}.json"


def load(name: str, device: str = AUTO) -> Model:
    """Load a model by its name or by the path of its card (``.json``).

    Loaded models are cached.

    Parameters
    ----------
    name : of a model, or path of a card
    device : one of `session.DEVICES`

    Raises
    ------
    ModelError
        If there is no such model or device, its card or weights are invalid (see `card`, `graph`),
        or ONNX Runtime is missing.
    """
    require_device(device)
    try:
        path = card_path(name).resolve()
        state = path.stat()
    except (OSError, RuntimeError, ValueError) as error:
        # RuntimeError: no such home folder. ValueError: not a valid file name.
        choices = ", ".join(available())
        raise ModelError(f"there is no model {name!r:.200}; choose from: {choices}.") from error
    return _load(path, (state.st_mtime_ns, state.st_size, state.st_ino), device)


@lru_cache(maxsize=8)
def _load(path: Path, _state: tuple[int, ...], device: str) -> Model:
    from .graph import check_graph

    card = read_card(path)
    kind, content = KINDS[card.kind], _weights(card)
    check_graph(
        content, card.weights.name, set(card.entries["inputs"]), set(card.entries["outputs"])
    )
    run, provider, notes = open_session(content, card.weights.name, kind, device)
    return Model(card, predictor(run, card.kind), device, provider, notes)


def _weights(card: Card) -> bytes:
    """Return the bytes of a weights file if they match its card."""
    path, again = card.weights, "put the right file next to the card, or reinstall MapRes"
    try:
        if not path.is_file():
            raise OSError
        size = path.stat().st_size
        content = path.read_bytes() if size <= LARGEST_WEIGHTS else b""
    except (OSError, ValueError) as error:
        raise ModelError(f"the weights {path.name!r:.99} are missing; {again}.") from error
    if size > LARGEST_WEIGHTS:
        raise ModelError(f"the weights {path.name} are larger than 500 MB; use a smaller network.")
    if digest(content) != card.sha256:
        raise ModelError(
            f"the weights {path.name} do not match the card (their sha256 differs); {again}."
        )
    return content


def digest(content: bytes) -> str:
    """Return the SHA-256 of bytes in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def predictor(run: Callable[..., NDArray], kind: str = "distribution") -> Predict:
    """Turn a function of arrays for a kind's inputs into a `Predict`."""
    return lambda *given: run(*KINDS[kind].arranged(*given))
