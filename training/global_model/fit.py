"""Training the default model on stored patches."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np

from mapres.features.distribution import BINS, quantile
from mapres.features.patches import PATCH
from mapres.networks.registry import digest
from training.global_model.fit_head import EPOCHS, RATE, fit_head
from training.global_model.network import default_network
from training.global_model.shards import Shards
from training.models.adamw import compiled
from training.models.loop import train
from training.models.schedule import ByTime
from training.models.state import State, save


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
    import keras

    source = partial(Shards, patches, edge=edge)

    def build(state: State):
        model = default_network(BINS, edge=edge, **options)
        if start is not None:
            state.notes["start_sha256"] = digest(start.read_bytes())
            take_over(model, keras.models.load_model(start, compile=False))
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


def validation_scores(model, validation: Shards, batches: int = 24) -> dict[str, float]:
    """Return cross entropy and the median relative error (%) over some validation patches."""
    indices = np.random.default_rng(0).permutation(len(validation))[: 64 * batches]
    losses, errors = [], []
    for part in np.array_split(indices, max(1, len(indices) // 64)):
        patches, targets = validation.batch(np.sort(part), None)
        predicted = model.predict_on_batch(patches)
        losses.append(-(targets * np.log(predicted + 1e-9)).sum(axis=1))
        median = np.array([quantile(p, 0.5) for p in predicted])
        errors.append(np.abs(median / validation.resolution[np.sort(part)] - 1))
    error = 100 * np.median(np.concatenate(errors))
    return {
        "validation loss": float(np.mean(np.concatenate(losses))),
        "validation error %": float(error),
    }
