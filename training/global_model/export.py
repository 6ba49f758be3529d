"""From a checkpoint of the default model to what ships, calibrated on the validation split."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from mapres.features.distribution import BINS, CLASSES, EDGES, class_of
from mapres.features.outliers import without_outliers
from mapres.features.spectra import measure_spectra
from mapres.networks.card import Calibration
from mapres.networks.registry import predictor
from mapres.progress import silent
from mapres.validation import prediction
from mapres.validation import validate as validation
from training.models.ship import COVERAGE, ship, training_card
from training.models.to_onnx import rounded, runner
from training.simulate.examples import examples

# Simulated validation maps whose predictions fit the three numbers of the calibration.
CALIBRATION_MAPS = 600
CALIBRATION_SEED = 2000
# Half and 2.5 times of these a card still takes; a network that knows nothing drives it to 0.
SHARPNESS = (0.05, 20.0)
DATA = "patches of realistic and noise-free simulations (training/simulate/draw.py), train split"


def export(data: Path, run: Path, patches: Path, folder: Path, name: str) -> None:
    """Write ``<name>.onnx`` and ``<name>.json`` into ``folder``."""
    import keras

    network = rounded(keras.models.load_model(run / "checkpoint.keras", compile=False))
    calibration, scores = calibrate(data, predictor(runner(network)))
    ship(
        network,
        "distribution",
        folder,
        name,
        data,
        predicts="resolution of a cryo-EM map, as a distribution over 64 bins",
        calibration=asdict(calibration),
        training=training_card(patches, run) | {"data": DATA},
        scores={"calibration (validation split)": scores},
    )


def calibrate(data: Path, predict) -> tuple[Calibration, dict]:
    """Fit the calibration on simulated maps of the validation split.

    Maximum likelihood first; then the sharpness is scaled so that nine in ten of the 90% intervals
    hold the truth (bins 5% wide make likelihood alone err on the wide side).
    """
    maps = [
        (patch_predictions(example.density, predict), example.resolution, example.density.nyquist)
        for example in examples(data, "validation", CALIBRATION_SEED, CALIBRATION_MAPS, processes=2)
    ]

    def loss(parameters: NDArray) -> float:
        calibration = _calibration(parameters)
        bins = [int(np.clip(np.searchsorted(EDGES, r) - 1, 0, BINS - 1)) for _, r, _ in maps]
        pooled = [prediction.pool(predictions, calibration) for predictions, _, _ in maps]
        return -float(np.mean(np.log([p[b] + 1e-9 for p, b in zip(pooled, bins, strict=True)])))

    start = np.array([0.0, -1.0, -4.0])
    best = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 600})
    likely = _calibration(best.x)
    candidates = [
        replace(likely, sharpness=round(likely.sharpness * factor, 4))
        for factor in np.geomspace(0.5, 2.5, 33)
    ]
    scores = [score_calibration(maps, calibration) for calibration in candidates]
    closest = int(np.argmin([abs(score["coverage_90"] - COVERAGE) for score in scores]))
    return candidates[closest], scores[closest] | {
        "log_loss_before_scaling": round(float(best.fun), 4)
    }


def score_calibration(maps: list[tuple], calibration: Calibration) -> dict:
    """Return how many maps, and how good answers are; see `calibrate` for the tuples."""
    answers, found = [], []
    for predictions, _, nyquist in maps:
        pooled = prediction.pool(predictions, calibration)
        answers.append(prediction.resolution_quantiles(pooled, nyquist))
        probabilities = prediction.class_probabilities(pooled, nyquist)
        found.append(max(probabilities, key=probabilities.__getitem__))
    low, middle, high = np.array(answers).T
    resolution = np.array([true for _, true, _ in maps])
    inside = (low <= resolution) & (resolution <= high)
    true_classes = np.array(CLASSES)[class_of(resolution)]
    return {
        "maps": len(maps),
        "right_class": round(float(np.mean(np.array(found) == true_classes)), 4),
        "coverage_90": round(float(np.mean(inside)), 4),
        "median_relative_error": round(float(np.median(np.abs(middle / resolution - 1))), 4),
    }


def _calibration(parameters: NDArray) -> Calibration:
    """Map three free numbers onto the calibration's ranges."""
    sharpness, growth, floor = (float(p) for p in parameters)
    return Calibration(
        sharpness=round(float(np.clip(np.exp(sharpness), *SHARPNESS)), 4),
        growth=round(float(expit(growth)), 4),
        floor=round(0.2 * float(expit(floor)), 5),
    )


def patch_predictions(density, predict) -> NDArray[np.float32]:
    """Return the distributions of a map's patches, shape (n, bins), as `validate` gets them."""
    mask, _ = validation.find_molecule(density)
    spectra = measure_spectra(without_outliers(density), mask)
    return prediction.predict_patches(density, mask, spectra, predict, silent)
