"""Training a network in pieces: every call goes on from the last checkpoint.

A folder receives ``checkpoint.keras`` (network and optimizer), ``state.json``, ``curve.csv`` and,
where the schedule keeps it, ``best.keras``: the network of the smallest validation loss.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from training.models import curve
from training.models.schedule import Schedule
from training.models.state import State, save, save_network, stored_state

# So often at least, with a minute to spare for a long step and for the scores.
CHECKPOINT_SECONDS = 240.0


class Examples(Protocol):
    """What is trained on."""

    def __len__(self) -> int:
        """Return how many examples there are."""
        ...

    def batch(self, indices: NDArray, rng: np.random.Generator) -> tuple[Any, NDArray]:
        """Return the network's input and its targets for some of them; ``rng`` may vary them."""
        ...


def train(
    build: Callable[[State], Any],
    source: Callable[[str], Any],
    score: Callable[[Any, Any], dict[str, float]],
    folder: Path,
    schedule: Schedule,
) -> tuple[Any, State]:
    """Train a network, or go on, until the schedule is over or its time for this call is spent.

    Parameters
    ----------
    build : from the state, in which it may leave notes, to a compiled network; called once
    source : from a split to its `Examples`; called again for every pass, as shards may still be
        being written
    score : from the network and the validation examples to numbers by name, one of them the
        ``validation loss``
    folder : of this training
    schedule : how long, at which rate, and when it is scored

    Returns
    -------
    network, state
    """
    model, state = _resumed(build, folder, schedule.seed)
    validation, examples = source("validation"), source("train")
    begun = last = saved = time.monotonic()
    losses: list[dict] = []
    spent = False
    while not (spent or schedule.over(state)):
        indices = _indices(state, len(examples), schedule)
        if not len(indices):
            examples, state.pass_start = source("train"), state.step
            indices = _indices(state, len(examples), schedule)
        losses.append(_step(model, examples, indices, state, schedule))
        state.step += 1
        now = time.monotonic()
        state.seconds, last = state.seconds + now - last, now
        spent = now - begun > schedule.seconds_of_a_call
        saves = spent or schedule.over(state) or now - saved > CHECKPOINT_SECONDS
        if schedule.scores_now(state, saves):
            _check(score(model, validation), model, losses, folder, schedule, state)
            losses = []
            saves = saves or schedule.over(state)
        if saves:
            save(model, folder, state)
            saved = time.monotonic()
        if saves or not losses:
            last = time.monotonic()
    return model, state


def _resumed(build: Callable, folder: Path, seed: int) -> tuple[Any, State]:
    """Return the network and the state of a training, from its checkpoint if there is one."""
    import keras

    folder.mkdir(parents=True, exist_ok=True)
    stored = stored_state(folder)
    if stored is not None:
        curve.forget_after(stored.step, folder)
        return keras.models.load_model(folder / "checkpoint.keras"), stored
    keras.utils.set_random_seed(seed)
    state = State()
    return build(state), state


def _indices(state: State, count: int, schedule: Schedule) -> NDArray[np.intp]:
    """Return the examples of a step, in an order known from where its pass began; none at its end.

    What is left over of a pass is less than a batch, and left out.
    """
    size = min(schedule.batch, count)
    order = np.random.default_rng([schedule.seed, state.pass_start]).permutation(count)
    start = (state.step - state.pass_start) * size
    return np.sort(order[start : start + size]) if start + size <= count else order[:0]


def _step(model, examples: Examples, indices: NDArray, state: State, schedule: Schedule) -> dict:
    """Take one step; return its loss, and then its metrics, by name."""
    rate = schedule.rate(state)
    if rate is not None:
        model.optimizer.learning_rate = rate
    # Of its own for every step, so that a training in pieces takes the same ones.
    rng = np.random.default_rng([schedule.seed, state.step, 1])
    inputs, targets = examples.batch(indices, rng)
    found = model.train_on_batch(inputs, targets, return_dict=True)
    model.reset_metrics()
    return {name: float(found[name]) for name in sorted(found, key=lambda name: name != "loss")}


def _check(scores: dict[str, float], model, losses, folder: Path, schedule, state: State) -> None:
    """Add a line to the curve, and keep the network if it is the best and that is wanted."""
    loss = scores["validation loss"]
    state.checks_since_best += 1
    if loss < state.best_loss:
        state.best_loss, state.best_step, state.checks_since_best = loss, state.step, 0
        if schedule.keeps_best:
            save_network(model, folder / "best.keras")
    row = {"step": state.step, "minutes": round(state.seconds / 60, 2)}
    row |= {name: round(float(np.mean([each[name] for each in losses])), 5) for name in losses[0]}
    row |= {name: round(float(value), 5) for name, value in scores.items()}
    curve.append(row, folder)
    text = ", ".join(f"{name} {value}" for name, value in row.items())
    print(f"{text}; at most {max(0.0, schedule.minutes_left(state)):.0f} min left", flush=True)
