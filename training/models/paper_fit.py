"""Training the paper's classifiers: early stopping, curves, and pieces that resume."""

from __future__ import annotations

import csv
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

CHECKPOINT_SECONDS = 240.0
CURVE = ("step", "minutes", "loss", "accuracy", "validation loss", "validation accuracy")


class Maps(Protocol):
    """What is trained on: ``len``, labels, and the network's input for some indices."""

    labels: NDArray

    def __len__(self) -> int:
        """Return how many maps there are."""
        ...

    def batch(self, indices: NDArray) -> NDArray[np.float32]:
        """Return the network's input for some of them."""
        ...


@dataclass(frozen=True)
class PaperSchedule:
    """How one of the paper's networks is trained.

    Attributes
    ----------
    batch : maps per step
    steps_per_check : steps between two looks at the validation maps
    patience : looks without a smaller validation loss before training stops
    max_steps : training stops here at the latest
    minutes : and after so much time of this call, to be resumed by the next
    seed : of order, start and dropout
    """

    batch: int
    steps_per_check: int
    patience: int
    max_steps: int
    minutes: float = 1e9
    seed: int = 0


@dataclass
class State:
    """Where training stands; stored beside the checkpoint."""

    step: int = 0
    seconds: float = 0.0
    best_loss: float = float("inf")
    best_step: int = 0
    checks_since_best: int = 0


def paper_fit(build, train: Maps, validation: Maps, folder: Path, schedule: PaperSchedule) -> bool:
    """Train a network, or go on training; return whether training is over.

    ``build()`` returns the compiled network to start from. ``folder`` receives
    ``checkpoint.keras``, ``state.json``, ``curve.csv`` and ``best.keras``: the weights of the
    smallest validation loss.
    """
    import keras

    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "state.json").exists():
        state = State(**json.loads((folder / "state.json").read_text()))
        model = keras.models.load_model(folder / "checkpoint.keras")
        _forget_after(state.step, folder / "curve.csv")
    else:
        state = State()
        keras.utils.set_random_seed(schedule.seed)
        model = build()
    begun = saved = last = time.monotonic()
    totals: list[tuple[float, float]] = []
    while not _over(state, schedule):
        indices = _indices(state.step, len(train), schedule)
        result = model.train_on_batch(train.batch(indices), train.labels[indices], return_dict=True)
        totals.append((float(result["loss"]), float(result["accuracy"])))
        model.reset_metrics()
        now = time.monotonic()
        state.seconds, last = state.seconds + now - last, now
        state.step += 1
        if state.step % schedule.steps_per_check == 0 or state.step == schedule.max_steps:
            _check(model, validation, state, np.mean(totals, axis=0), folder, schedule)
            totals, last = [], time.monotonic()
        spent = last - begun > 60 * schedule.minutes
        if last - saved > CHECKPOINT_SECONDS or spent or _over(state, schedule):
            _save(model, state, folder)
            saved = last = time.monotonic()
        if spent:
            return _over(state, schedule)
    return True


def _forget_after(step: int, curve: Path) -> None:
    """Drop what a curve says of steps that were lost when training was interrupted."""
    if not curve.exists():
        return
    head, *lines = curve.read_text().splitlines()
    kept = [line for line in lines if int(line.split(",")[0]) <= step]
    curve.write_text("\n".join([head, *kept]) + "\n")


def _over(state: State, schedule: PaperSchedule) -> bool:
    return state.step >= schedule.max_steps or state.checks_since_best >= schedule.patience


def _indices(step: int, count: int, schedule: PaperSchedule) -> NDArray[np.intp]:
    """Return the maps of a step: every pass is another order of all, known from the step alone."""
    per_pass = max(1, count // schedule.batch)
    order = np.random.default_rng([schedule.seed, step // per_pass]).permutation(count)
    start = (step % per_pass) * schedule.batch
    return np.sort(order[start : start + schedule.batch])


def _check(model, validation: Maps, state: State, training, folder: Path, schedule) -> None:
    loss, accuracy = scores(model, validation, schedule.batch)
    state.checks_since_best += 1
    if loss < state.best_loss:
        state.best_loss, state.best_step, state.checks_since_best = loss, state.step, 0
        model.save(folder / "part.keras")
        os.replace(folder / "part.keras", folder / "best.keras")
    row = [state.step, round(state.seconds / 60, 2), *training.round(5), loss, accuracy]
    new = not (folder / "curve.csv").exists()
    with open(folder / "curve.csv", "a", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerows([CURVE, row] if new else [row])
    left = (schedule.max_steps - state.step) * state.seconds / state.step / 60
    print(
        f"step {state.step}: loss {training[0]:.4f}, validation {loss:.4f}, accuracy "
        f"{accuracy:.2%}; at most {left:.0f} min left",
        flush=True,
    )


def scores(model, maps: Maps, batch: int) -> tuple[float, float]:
    """Return the loss and the accuracy over all of some maps."""
    totals = np.zeros(2)
    for start in range(0, len(maps), batch):
        indices = np.arange(start, min(start + batch, len(maps)))
        model.reset_metrics()
        found = model.test_on_batch(maps.batch(indices), maps.labels[indices], return_dict=True)
        totals += len(indices) * np.array([float(found["loss"]), float(found["accuracy"])])
    model.reset_metrics()
    loss, accuracy = totals / len(maps)
    return round(float(loss), 5), float(accuracy)


def _save(model, state: State, folder: Path) -> None:
    model.save(folder / "part.keras")
    os.replace(folder / "part.keras", folder / "checkpoint.keras")
    temporary = folder / "state.part.json"
    temporary.write_text(json.dumps(asdict(state)))
    os.replace(temporary, folder / "state.json")


def note_stages(folder: Path, stages: dict[str, dict]) -> None:
    """Write beside a trained network what each stage of its training was, by its folder.

    ``"."`` is ``folder`` itself. How long a stage took is in the curve in its folder.
    """
    (folder / "stages.json").write_text(json.dumps(stages, indent=2))


def noted_stages(folder: Path) -> dict[str, dict]:
    """Return what `note_stages` wrote, with the steps and minutes that each stage took."""
    stages = json.loads((folder / "stages.json").read_text())
    for name, stage in stages.items():
        stage |= curve_summary(folder / name)
    return stages


def curve_summary(folder: Path) -> dict[str, float]:
    """Return how many steps and minutes a training took, and after which step it was best."""
    with open(folder / "curve.csv", newline="") as stream:
        curve = list(csv.DictReader(stream))
    best = min(curve, key=lambda row: float(row["validation loss"]))
    return {
        "steps": int(curve[-1]["step"]),
        "best_step": int(best["step"]),
        "minutes": float(curve[-1]["minutes"]),
    }
