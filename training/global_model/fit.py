"""Training the default model on stored patches."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.features.distribution import BINS, quantile
from mapres.networks.registry import digest
from training.global_model.fit_head import EPOCHS, RATE, fit_head
from training.global_model.soft_targets import soft_targets
from training.models.networks import default_network
from training.models.schedule import Schedule, save, train


class Shards:
    """Stored patches of one split, read from disk as they are asked for."""

    def __init__(self, folder: Path, split: str):
        self.paths = sorted(folder.glob(f"{split}-*.npz"))
        if not self.paths:
            raise FileNotFoundError(
                f"no {split} patches in {folder}; run the subcommand simulate first."
            )
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
    """Train the default model, or go on with it; see `schedule.train`.

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

    def build(state: dict):
        model = default_network(BINS, **options)
        if start is not None:
            state["start_sha256"] = digest(start.read_bytes())
            take_over(model, keras.models.load_model(start, compile=False))
            fit_head(model, Shards(patches, "train"), Shards(patches, "validation"))
        return model

    model, state = train(build, partial(Shards, patches), validation_scores, folder, schedule)
    if state.get("head_at_step") != state["step"]:
        # Profiles of maps teach the head more once the tower stands still: of noise-free validation
        # patches 98% are then in the right class, 96% before.
        shards = (Shards(patches, split) for split in ("train", "validation"))
        state["head"] = fit_head(model, *shards, EPOCHS // 2, RATE / 2)
        state["head_at_step"] = state["step"]
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


def _turned(patch: NDArray, rng: np.random.Generator) -> NDArray:
    axes = rng.permutation(3)
    flips = tuple(slice(None, None, int(s)) for s in rng.choice([-1, 1], 3))
    return patch.transpose(axes)[flips]
