"""Where a training stands, and the checkpoint that it goes on from."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class State:
    """Where training stands; stored beside the checkpoint.

    Attributes
    ----------
    step : steps so far
    seconds : of training, without what scores and checkpoints took
    pass_start : step at which this pass over the examples began
    best_loss, best_step : smallest validation loss, and when
    checks_since_best : scores since then
    notes : what else is to be known of a training, by name
    """

    step: int = 0
    seconds: float = 0.0
    pass_start: int = 0
    best_loss: float = float("inf")
    best_step: int = 0
    checks_since_best: int = 0
    notes: dict[str, Any] = field(default_factory=dict)


def save(model, folder: Path, state: State) -> None:
    """Store a network and the state of its training."""
    save_network(model, folder / "checkpoint.keras")
    part = folder / "part.json"
    part.write_text(json.dumps(asdict(state)))
    os.replace(part, folder / "state.json")


def stored_state(folder: Path) -> State | None:
    """Return the state of a training that was begun, else None."""
    path = folder / "state.json"
    return State(**json.loads(path.read_text())) if path.exists() else None


def save_network(model, path: Path) -> None:
    """Store a network, whole or not at all."""
    model.save(path.with_name("part.keras"))
    os.replace(path.with_name("part.keras"), path)
