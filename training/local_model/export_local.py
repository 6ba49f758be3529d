"""From checkpoints of a local network to what ships, calibrated on the validation split."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.features.distribution import quantiles
from mapres.features.relative import LN_EDGES
from mapres.local.network import LEVELS, calibrated
from mapres.networks.card import Calibration
from training.local_model.cells import RECONSTRUCTED
from training.local_model.fit_local import CellShards, check_half_maps, kind_of
from training.models.coverage import coverage, narrowest
from training.models.ship import ship, training_card
from training.models.to_onnx import rounded

DATA = (
    "cells of realistic and noise-free simulations (training/simulate/draw.py, varied), train split"
)
# Of every distribution: what is even, so that no resolution is impossible.
FLOOR = 0.01
# Cells of one map that count.
CELLS = 100
# Groups of so many cells or more have a coverage of their own.
GROUP = 1500


def export_local(
    data: Path, run: Path, cells: Path, half_maps: bool, folder: Path, name: str
) -> None:
    """Write ``<name>.onnx`` and ``<name>.json`` into ``folder``."""
    import keras

    check_half_maps(run, half_maps)
    network = rounded(keras.models.load_model(run / "checkpoint.keras", compile=False))
    held_out = [CellShards(cells, half_maps, name) for name in ("validation", RECONSTRUCTED)]
    calibration, scores = calibrate(network, *held_out)
    ship(
        network,
        kind_of(half_maps),
        folder,
        name,
        data,
        predicts="local resolution over that of the map, as a distribution over 64 bins, per cell",
        half_maps=half_maps,
        calibration=asdict(calibration),
        training=training_card(cells, run) | {"data": DATA},
        scores={"calibration (validation split)": scores},
    )


def calibrate(network, *held_out: CellShards) -> tuple[Calibration, dict]:
    """Choose the sharpness at which nine in ten of the 90% intervals hold the truth.

    Of every group of maps that were treated alike, of `GROUP` cells or more, at least 85% do.
    """
    predicted, truth, groups = map(
        np.concatenate, zip(*(_cells(network, shards) for shards in held_out), strict=True)
    )
    candidates = [
        Calibration(sharpness=round(float(power), 4), growth=0.0, contrast=0.0, floor=FLOOR)
        for power in np.geomspace(2.5, 0.3, 43)
    ]
    calibration, scores = narrowest(candidates, partial(_scores, predicted, truth, groups))
    return calibration, {"maps": sum(map(len, held_out))} | scores


def _cells(network, shards: CellShards) -> tuple[NDArray, NDArray, NDArray]:
    """Return distributions, truth and treatment of some cells of every map."""
    predicted, truth, groups = [], [], []
    for k in range(len(shards)):
        # Stored in random order; maps of small molecules must not weigh less.
        inputs, true = shards.of_map(k, slice(CELLS))
        predicted.append(np.asarray(network.predict_on_batch(inputs)))
        truth.append(true)
        groups += [shards.treatment[k]] * len(true)
    return np.concatenate(predicted), np.concatenate(truth), np.array(groups)


def _scores(predicted: NDArray, truth: NDArray, groups: NDArray, calibration: Calibration) -> dict:
    low, middle, high = quantiles(calibrated(predicted, calibration), LEVELS, LN_EDGES).T
    inside = (low <= truth) & (truth <= high)
    return {
        "cells": len(truth),
        **coverage(inside, groups, GROUP),
        "mean_relative_error": round(float(np.mean(np.abs(np.exp(middle - truth) - 1))), 4),
    }
