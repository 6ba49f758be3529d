"""Training the default model on stored patches."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.features.distribution import BINS, quantile
from mapres.features.patches import PATCH
from training.global_model.fit_head import BATCH, EPOCHS, RATE, fit_head
from training.global_model.network import default_network
from training.global_model.shards import Shards
from training.global_model.soft_targets import soft_targets
from training.models.adamw import compiled
from training.models.begin import begin_with
from training.models.loop import train
from training.models.schedule import ByTime
from training.models.state import State, save, stored_state

TUNING_EPOCHS, TUNING_RATE = 2, RATE / 8


def fit(
    patches: Path,
    folder: Path,
    schedule: ByTime,
    start: Path | None = None,
    edge: int = PATCH,
    **options,
) -> None:
    """Train the default model, or go on with it; see `training.models.loop.train`.

    Parameters
    ----------
    patches : folder of shards
    folder : of this training
    schedule : how long
    start : weights whose layers are taken over where shapes agree, or None; the head is then
        trained first, by itself, as it is in the end anyway
    edge : of the cubes of patches that are trained on, voxels
    options : of `default_network`
    """
    source = partial(Shards, patches, edge=edge)

    def build(state: State):
        model = default_network(BINS, edge=edge, **options)
        if start is not None:
            begin_with(model, start, state)
            fit_head(model, source("train"), source("validation"))
        return compiled(model)

    model, state = train(build, source, validation_scores, folder, schedule)
    if state.notes.get("head_at_step") != state.step:
        # Profiles of maps teach the head more once the tower stands still: of noise-free validation
        # patches 98% are then in the right class, 96% before.
        shards = source("train"), source("validation")
        state.notes["head"] = fit_head(model, *shards, EPOCHS // 2, RATE / 2)
        state.notes["head_at_step"] = state.step
        save(model, folder, state)


def tune(patches: Path, folder: Path) -> None:
    """Adjust the head of a network that was trained to patches that it has not seen.

    Two passes at an eighth of the usual rate move what it expects of maps, such as how many of them
    a mask has left without solvent, and little of what it has learned.

    Parameters
    ----------
    patches : folder of shards, of other maps than those it was trained on
    folder : of the training; its checkpoint is replaced

    Raises
    ------
    FileNotFoundError
        If no training was begun there.
    """
    import keras

    state = stored_state(folder)
    if state is None:
        raise FileNotFoundError(f"no training in {folder}; run the subcommand fit first.")
    model = keras.models.load_model(folder / "checkpoint.keras", compile=False)
    shards = Shards(patches, "train"), Shards(patches, "validation")
    said = fit_head(model, *shards, TUNING_EPOCHS, TUNING_RATE)
    state.notes["tuned"] = {"examples": len(shards[0])} | said
    save(model, folder, state)


def validation_scores(model, validation: Shards, batches: int = 24) -> dict[str, float]:
    """Return cross entropy and the median relative error (%) over some validation patches."""
    chosen = np.random.default_rng(0).permutation(len(validation))[: BATCH * batches]
    predicted = predictions(model, validation, np.sort(chosen))
    true = validation.resolution[np.sort(chosen)]
    loss = -(soft_targets(true) * np.log(predicted + 1e-9)).sum(axis=1)
    found = np.array([quantile(p, 0.5) for p in predicted])
    error = 100 * np.median(np.abs(found / true - 1))
    return {"validation loss": float(np.mean(loss)), "validation error %": float(error)}


def predictions(model, shards: Shards, indices: NDArray) -> NDArray[np.float32]:
    """Return the distributions that a network predicts for some patches, shape (n, bins)."""
    parts = np.array_split(indices, max(1, len(indices) // BATCH))
    predicted = (model.predict_on_batch(shards.batch(part, None)[0]) for part in parts)
    return np.concatenate([np.asarray(each) for each in predicted])
