"""Training the default model on stored patches, in pieces: it resumes from its last checkpoint."""

from __future__ import annotations

import csv
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.distribution import BINS, quantile, soft_targets
from mapres.models import sha256
from training.fit_head import EPOCHS, RATE, fit_head
from training.networks import default_network

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


class Shards:
    """Stored patches of one split, read from disk as they are asked for."""

    def __init__(self, folder: Path, split: str):
        self.paths = sorted(folder.glob(f"{split}-*.npz"))
        if not self.paths:
            raise FileNotFoundError(f"no {split} patches in {folder}; run the verb simulate first.")
        self.patches = [np.load(path.with_suffix(".npy"), mmap_mode="r") for path in self.paths]
        labels = [np.load(path)["resolution"] for path in self.paths]
        self.resolution = np.concatenate(labels)
        self.spectrum, self.profile = (
            np.concatenate([np.load(path)[name] for path in self.paths]).astype(np.float32)
            for name in ("spectrum", "profile")
        )
        self.place = [(s, k) for s, label in enumerate(labels) for k in range(len(label))]

    def __len__(self) -> int:
        return len(self.place)

    def batch(
        self, indices: NDArray, rng: np.random.Generator | None
    ) -> tuple[list[NDArray[np.float32]], NDArray[np.float32]]:
        """Return the network's three inputs, see `default_network`, and targets (n, bins).

        With ``rng``, each patch is turned and mirrored into one of its 48 orientations.
        """
        chosen = [np.asarray(self.patches[s][k]) for s, k in (self.place[i] for i in indices)]
        if rng is not None:
            chosen = [_turned(patch, rng) for patch in chosen]
        values = np.stack(chosen).astype(np.float32)[..., None]
        inputs = [values, self.spectrum[indices], self.profile[indices]]
        return inputs, soft_targets(self.resolution[indices])


def fit(
    patches: Path, folder: Path, schedule: Schedule, start: Path | None = None, **options
) -> None:
    """Train, or go on training, until the schedule's minutes are spent.

    ``folder`` receives ``checkpoint.keras`` (model and optimiser), ``state.json`` and
    ``curve.csv`` (minutes, step, training loss, validation loss and median error).

    Parameters
    ----------
    patches : folder of shards
    folder : of this training
    schedule : how long
    start : weights whose layers are taken over where shapes agree, or None; the head is then
        trained first, by itself, as it is in the end anyway
    options : of `networks.default_network`
    """
    import keras

    folder.mkdir(parents=True, exist_ok=True)
    state = {"seconds": 0.0, "step": 0}
    if (folder / "state.json").exists():
        state = json.loads((folder / "state.json").read_text())
        model = keras.models.load_model(folder / "checkpoint.keras")
    else:
        keras.utils.set_random_seed(schedule.seed)
        model = default_network(BINS, **options)
        if start is not None:
            state["start_sha256"] = sha256(start)
            take_over(model, keras.models.load_model(start, compile=False))
            fit_head(model, Shards(patches, "train"), Shards(patches, "validation"))
        model.compile(
            keras.optimizers.AdamW(schedule.peak_rate, weight_decay=0.01, clipnorm=1.0),
            "categorical_crossentropy",
        )
    _train(model, patches, folder, schedule, state)
    if state.get("head_at_step") != state["step"]:
        # Profiles of maps teach the head more once the tower stands still: of noise-free validation
        # patches 98 % are then in the right class, 96 % before.
        shards = (Shards(patches, split) for split in ("train", "validation"))
        fit_head(model, *shards, EPOCHS // 2, RATE / 2)
        state["head_at_step"] = state["step"]
        _save(model, folder, state)


def take_over(model, earlier) -> None:
    """Copy the weights of an earlier network's layers, in order, as long as their shapes agree."""
    ours, theirs = map(_layers_with_weights, (model, earlier))
    for layer, source in zip(ours, theirs, strict=False):
        shapes = [[tuple(w.shape) for w in each.weights] for each in (layer, source)]
        if type(layer) is not type(source) or shapes[0] != shapes[1]:
            break
        layer.set_weights(source.get_weights())


def _layers_with_weights(network) -> list:
    """Return the layers of a network and of the networks in it, in order."""
    parts = [_layers_with_weights(x) if hasattr(x, "layers") else [x] for x in network.layers]
    return [layer for part in parts for layer in part if layer.weights]


def _train(model, patches: Path, folder: Path, schedule: Schedule, state: dict) -> None:
    validation = Shards(patches, "validation")
    rng = np.random.default_rng([schedule.seed, state["step"]])
    losses, order = [], np.zeros(0, dtype=int)
    last = saved = time.monotonic()
    while state["seconds"] < 60 * schedule.minutes:
        if len(order) < schedule.batch:
            # Shards may still be being written: every pass takes what is there by then.
            train = Shards(patches, "train")
            order = rng.permutation(len(train))
            print(f"step {state['step']}: a pass over {len(train)} patches", flush=True)
        indices, order = np.sort(order[: schedule.batch]), order[schedule.batch :]
        fraction = state["seconds"] / (60 * schedule.minutes)
        model.optimizer.learning_rate = schedule.rate(fraction)
        losses.append(float(model.train_on_batch(*train.batch(indices, rng))))
        now = time.monotonic()
        state["seconds"] += now - last
        state["step"] += 1
        last = now
        if now - saved > CHECKPOINT_SECONDS:
            _checkpoint(model, validation, folder, state, losses)
            losses, saved, last = [], time.monotonic(), time.monotonic()
    if losses:
        _checkpoint(model, validation, folder, state, losses)


def _checkpoint(model, validation: Shards, folder: Path, state: dict, losses: list) -> None:
    loss, error = validation_scores(model, validation)
    minutes = state["seconds"] / 60
    row = [f"{minutes:.2f}", state["step"], f"{np.mean(losses):.4f}", f"{loss:.4f}", f"{error:.2f}"]
    with open(folder / "curve.csv", "a", newline="") as stream:
        csv.writer(stream).writerow(row)
    names = ("minutes", "step", "loss", "validation loss", "validation error %")
    print(", ".join(f"{name} {value}" for name, value in zip(names, row, strict=True)), flush=True)
    _save(model, folder, state)


def _save(model, folder: Path, state: dict) -> None:
    model.save(folder / "part.keras")
    os.replace(folder / "part.keras", folder / "checkpoint.keras")
    (folder / "state.json").write_text(json.dumps(state))


def validation_scores(model, validation: Shards, batches: int = 24) -> tuple[float, float]:
    """Return cross entropy and the median relative error (%) over some validation patches."""
    indices = np.random.default_rng(0).permutation(len(validation))[: 64 * batches]
    losses, errors = [], []
    for part in np.array_split(indices, max(1, len(indices) // 64)):
        patches, targets = validation.batch(np.sort(part), None)
        predicted = model.predict_on_batch(patches)
        losses.append(-(targets * np.log(predicted + 1e-9)).sum(axis=1))
        median = np.array([quantile(p, 0.5) for p in predicted])
        errors.append(np.abs(median / validation.resolution[np.sort(part)] - 1))
    return float(np.mean(np.concatenate(losses))), float(100 * np.median(np.concatenate(errors)))


def _turned(patch: NDArray, rng: np.random.Generator) -> NDArray:
    axes = rng.permutation(3)
    flips = tuple(slice(None, None, int(s)) for s in rng.choice([-1, 1], 3))
    return patch.transpose(axes)[flips]
