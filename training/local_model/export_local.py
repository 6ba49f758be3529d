"""From checkpoints of a local network to what ships, calibrated on the validation split."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.features.distribution import quantiles
from mapres.features.relative import LN_EDGES
from mapres.local.network import LEVELS, calibrated
from mapres.networks.card import Calibration
from training.local_model.fit_local import CellShards, check_half_maps, kind_of
from training.models.ship import COVERAGE, ship, training_card
from training.models.to_onnx import rounded

DATA = (
    "cells of realistic and noise-free simulations (training/simulate/draw.py, varied), train split"
)
# Of every distribution: what is even, so that no resolution is impossible.
FLOOR = 0.01
# Cells of one map that count.
CELLS = 100


def export_local(
    data: Path, run: Path, cells: Path, half_maps: bool, folder: Path, name: str
) -> None:
    """Write ``<name>.onnx`` and ``<name>.json`` into ``folder``."""
    import keras

    check_half_maps(run, half_maps)
    network = rounded(keras.models.load_model(run / "checkpoint.keras", compile=False))
    calibration, scores = calibrate(network, CellShards(cells, half_maps, "validation"))
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


def calibrate(network, validation: CellShards) -> tuple[Calibration, dict]:
    """Choose the sharpness at which nine in ten of the 90% intervals hold the truth."""
    predicted, truth = _cells(network, validation)
    candidates = [
        Calibration(sharpness=round(float(power), 4), growth=0.0, floor=FLOOR)
        for power in np.geomspace(0.4, 2.5, 33)
    ]
    scores = [_scores(predicted, truth, calibration) for calibration in candidates]
    closest = int(np.argmin([abs(score["coverage_90"] - COVERAGE) for score in scores]))
    return candidates[closest], {"maps": len(validation)} | scores[closest]


def _cells(network, validation: CellShards) -> tuple[NDArray, NDArray]:
    """Return distributions and truth of some cells of every map."""
    predicted, truth = [], []
    for k in range(len(validation)):
        # Stored in random order; maps of small molecules must not weigh less.
        inputs, true = validation.of_map(k, slice(CELLS))
        predicted.append(np.asarray(network.predict_on_batch(inputs)))
        truth.append(true)
    return np.concatenate(predicted), np.concatenate(truth)


def _scores(predicted: NDArray, truth: NDArray, calibration: Calibration) -> dict:
    low, middle, high = quantiles(calibrated(predicted, calibration), LEVELS, LN_EDGES).T
    return {
        "cells": len(truth),
        "coverage_90": round(float(np.mean((low <= truth) & (truth <= high))), 4),
        "mean_relative_error": round(float(np.mean(np.abs(np.exp(middle - truth) - 1))), 4),
    }
