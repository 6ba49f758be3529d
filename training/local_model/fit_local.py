"""Training the networks of local resolution on stored cells: for maps alone, and with half maps."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.features.energies import MEAN_CORRELATION, OF_ONE_MAP
from mapres.features.profile import UNSEEN
from mapres.features.relative import (
    LN_EDGES,
    LN_MIDDLES,
    GlobalFeatures,
    distribution_at,
    row_of_map,
    rows,
)
from mapres.networks.kinds import ONE_MAP, WITH_HALF_MAPS
from training.local_model.network import local_network
from training.models.adamw import compiled
from training.models.begin import begin_with
from training.models.loop import train
from training.models.schedule import ByTime
from training.models.state import State, stored_state

# Maps of a step, and cells of each.
BATCH, CELLS = 16, 64
RATE = 2e-3
# ln Å, standard deviation: from wherever it is counted, the prediction must be the same.
SHIFT = 0.1
# ln Å, of the Gaussian that a cell's truth is blurred to.
BLUR = 0.05
SCORED = 400
Inputs = tuple[NDArray[np.float32], NDArray[np.float32]]


class CellShards:
    """Stored cells of one split, map by map: 0.3 MB each, in memory.

    With ``half_maps`` only of maps that have them, else without what they tell.
    """

    def __init__(self, folder: Path, half_maps: bool, split: str):
        paths = sorted(folder.glob(f"{split}-*.npz"))
        if not paths:
            raise FileNotFoundError(
                f"no {split} cells in {folder}; run the subcommand cells first."
            )
        self.features: list[NDArray] = []
        self.fractions: list[NDArray] = []
        self.truth: list[NDArray] = []
        self.global_features: list[GlobalFeatures] = []
        self.treatment: list[str] = []
        for path in paths:
            with np.load(path) as stored:
                self._add({name: stored[name] for name in stored.files}, half_maps)
        if not self.truth:
            raise ValueError(f"no {split} map in {folder} has half maps.")

    def _add(self, stored: dict[str, NDArray], half_maps: bool) -> None:
        ends = np.cumsum(stored["count"])[:-1]
        of_cells = [np.split(stored[name], ends) for name in ("features", "fractions", "truth")]
        of_maps = [stored[name] for name in ("probabilities", "profile", "means", "cell")]
        others = stored["half_map_fsc"], stored["treatment"]
        for features, fractions, truth, *known, measured, treatment in zip(
            *of_cells, *of_maps, *others, strict=True
        ):
            global_features = GlobalFeatures(*known)
            if not half_maps:
                features = features[:, :, :OF_ONE_MAP]
                global_features.means[MEAN_CORRELATION] = UNSEEN
            elif (global_features.means[MEAN_CORRELATION] == UNSEEN).all():
                continue
            elif np.isfinite(measured):
                anchored = distribution_at(measured)
                global_features = replace(global_features, probabilities=anchored)
            self.features.append(features)
            self.fractions.append(fractions)
            self.truth.append(truth)
            self.global_features.append(global_features)
            self.treatment.append(str(treatment))

    def __len__(self) -> int:
        return len(self.truth)

    def of_map(
        self, k: int, chosen: NDArray | slice = slice(None), shift: float = 0.0
    ) -> tuple[Inputs, NDArray[np.float32]]:
        """Return a map's inputs of the network, and the true ln Å from where these are counted."""
        known = self.global_features[k]
        middle = known.ln_resolution + shift
        found = rows(self.features[k][chosen], self.fractions[k][chosen], middle)
        of_map = np.repeat(row_of_map(known, middle), len(found), axis=0)
        return (found, of_map), self.truth[k][chosen] - np.float32(middle)

    def batch(self, indices: NDArray, rng: np.random.Generator) -> tuple[Inputs, NDArray]:
        """Return inputs and targets of some cells of every map: all count alike, however small."""
        parts = [
            self.of_map(
                k, rng.integers(len(self.truth[k]), size=CELLS), SHIFT * rng.standard_normal()
            )
            for k in indices
        ]
        inputs, truth = zip(*parts, strict=True)
        of_cells, of_maps = (np.concatenate(part) for part in zip(*inputs, strict=True))
        return (of_cells, of_maps), targets(np.concatenate(truth))


def targets(truth: NDArray) -> NDArray[np.float32]:
    """Return rows of bin probabilities for what is true, ln Å from the map's resolution."""
    off = (np.clip(truth, LN_EDGES[0], LN_EDGES[-1])[:, None] - LN_MIDDLES) / BLUR
    found = np.exp(-0.5 * off**2)
    return (found / found.sum(axis=1, keepdims=True)).astype(np.float32)


def fit_local(
    cells: Path,
    folder: Path,
    minutes: float,
    half_maps: bool,
    start: Path | None = None,
    **options,
) -> None:
    """Train one of the two networks, or go on with it; see `training.models.loop.train`.

    Parameters
    ----------
    cells : folder of shards
    folder : of this training
    minutes : altogether
    half_maps : whether it is the one for maps with half maps
    start : weights to begin with, or None; they are only adjusted, at a third of the usual rate
    options : of `local_network`
    """
    check_half_maps(folder, half_maps)
    schedule = ByTime(minutes, batch=BATCH, peak_rate=RATE if start is None else RATE / 3)
    source = partial(CellShards, cells, half_maps)

    def build(state: State):
        state.notes["half_maps"] = half_maps
        model = local_network(kind_of(half_maps), **options)
        if start is not None:
            begin_with(model, start, state)
        return compiled(model)

    train(build, source, local_scores, folder, schedule)


def kind_of(half_maps: bool) -> str:
    """Return the kind of the network, see `mapres.networks.kinds`."""
    return WITH_HALF_MAPS if half_maps else ONE_MAP


def check_half_maps(run: Path, half_maps: bool) -> None:
    """Raise ValueError if a training that exists is of the other network."""
    state = stored_state(run)
    if state is not None and state.notes["half_maps"] != half_maps:
        raise ValueError(f"{run} was trained {'without' if half_maps else 'with'} half maps.")


def local_scores(model, shards: CellShards) -> dict[str, float]:
    """Return means over maps."""
    found = np.array([_of_map(model, shards, k) for k in range(min(SCORED, len(shards)))])
    loss, error, mae, constant, bias, r = found.T
    return {
        "validation loss": loss.mean(),
        "error": error.mean(),
        "bias": bias.mean(),
        "MAE over constant's": mae.mean() / constant.mean(),
        "r": np.nanmedian(r),
    }


def _of_map(model, shards: CellShards, k: int) -> tuple[float, ...]:
    """Return cross entropy, mean relative error, MAE, that of the true median (Å), bias, r."""
    inputs, truth = shards.of_map(k)
    predicted = np.asarray(model.predict_on_batch(inputs))
    loss = -(targets(truth) * np.log(predicted + 1e-9)).sum(axis=-1).mean()
    found = predicted @ LN_MIDDLES
    bias = abs(np.median(found - truth))
    # Within 2% there is nothing to correlate with.
    r = np.corrcoef(found, truth)[0, 1] if truth.std() > 0.02 else np.nan
    middle = shards.global_features[k].ln_resolution
    found, truth = np.exp(found + middle), np.exp(truth + middle)
    constant = np.abs(truth - np.median(truth)).mean()
    return loss, np.abs(found / truth - 1).mean(), np.abs(found - truth).mean(), constant, bias, r
