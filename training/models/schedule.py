"""Training a network in pieces: it resumes from its last checkpoint."""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

WARM_UP = 0.03
CHECKPOINT_SECONDS = 300.0


@dataclass(frozen=True)
class Schedule:
    """How long to train: the learning rate follows the time spent, so any machine gets a whole one.

    Attributes
    ----------
    minutes : of training altogether, over all pieces
    batch : patches per step
    seed : of order and augmentation
    peak_rate : the largest learning rate; a network that was trained before wants less
    """

    minutes: float = 60.0
    batch: int = 32
    seed: int = 0
    peak_rate: float = 1.5e-3

    def rate(self, fraction: float) -> float:
        """Return the learning rate after a fraction of the time: warm-up, then half a cosine."""
        if fraction < WARM_UP:
            return self.peak_rate * max(fraction / WARM_UP, 0.01)
        return self.peak_rate * max(0.5 * (1 + np.cos(np.pi * min(1.0, fraction))), 1e-3)


def train(
    build: Callable, source: Callable, score: Callable, folder: Path, schedule: Schedule
) -> tuple:
    """Train a network, or go on, until the schedule's minutes are spent.

    ``folder`` receives ``checkpoint.keras`` (model and optimizer), ``state.json`` and
    ``curve.csv`` (minutes, step, training loss and the scores).

    Parameters
    ----------
    build : from the state, which it may add to, to a network; called once
    source : from a split to its examples, which have a length and ``batch(indices, rng)``: what
        ``train_on_batch`` takes
    score : from the network and the validation examples to numbers by name
    folder : of this training
    schedule : how long

    Returns
    -------
    model, state
    """
    model, state = _resumed(build, folder, schedule)
    schedule = replace(schedule, peak_rate=state["peak_rate"])
    validation = source("validation")
    rng = np.random.default_rng([schedule.seed, state["step"]])
    losses, order = [], np.zeros(0, dtype=int)
    last = saved = time.monotonic()
    while state["seconds"] < 60 * schedule.minutes:
        if len(order) < schedule.batch:
            # Shards may still be being written: every pass takes what is there by then.
            examples = source("train")
            order = rng.permutation(len(examples))
            print(f"step {state['step']}: a pass over {len(examples)} examples", flush=True)
        indices, order = np.sort(order[: schedule.batch]), order[schedule.batch :]
        fraction = state["seconds"] / (60 * schedule.minutes)
        model.optimizer.learning_rate = schedule.rate(fraction)
        losses.append(float(model.train_on_batch(*examples.batch(indices, rng))))
        now = time.monotonic()
        state["seconds"] += now - last
        state["step"] += 1
        last = now
        if now - saved > CHECKPOINT_SECONDS:
            _checkpoint(model, score(model, validation), folder, state, losses)
            left = schedule.minutes - state["seconds"] / 60
            print(f"{max(0.0, left):.0f} min left", flush=True)
            losses, saved, last = [], time.monotonic(), time.monotonic()
    if losses:
        _checkpoint(model, score(model, validation), folder, state, losses)
    return model, state


def _resumed(build: Callable, folder: Path, schedule: Schedule) -> tuple:
    """Return the network and the state of a training, from its checkpoint if there is one."""
    import keras

    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "state.json").exists():
        state = {"peak_rate": schedule.peak_rate} | json.loads((folder / "state.json").read_text())
        return keras.models.load_model(folder / "checkpoint.keras"), state
    keras.utils.set_random_seed(schedule.seed)
    state = {"seconds": 0.0, "step": 0, "peak_rate": schedule.peak_rate}
    model = build(state)
    model.compile(
        keras.optimizers.AdamW(schedule.peak_rate, weight_decay=0.01, clipnorm=1.0),
        "categorical_crossentropy",
    )
    return model, state


def _checkpoint(model, scores: dict[str, float], folder: Path, state: dict, losses: list) -> None:
    row = {"minutes": f"{state['seconds'] / 60:.2f}", "step": state["step"]}
    row |= {"loss": f"{np.mean(losses):.4f}"}
    row |= {name: f"{value:.4f}" for name, value in scores.items()}
    with open(folder / "curve.csv", "a", newline="") as stream:
        csv.writer(stream).writerow(row.values())
    print(", ".join(f"{name} {value}" for name, value in row.items()), flush=True)
    save(model, folder, state)


def save(model, folder: Path, state: dict) -> None:
    """Store a network and the state of its training."""
    model.save(folder / "part.keras")
    os.replace(folder / "part.keras", folder / "checkpoint.keras")
    (folder / "part.json").write_text(json.dumps(state))
    os.replace(folder / "part.json", folder / "state.json")
