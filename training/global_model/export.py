"""From a checkpoint of the default model to what ships, calibrated on the validation split."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from mapres.density import Density
from mapres.features.distribution import BINS, CLASSES, EDGES, class_of
from mapres.features.outliers import without_outliers
from mapres.features.profile import profile
from mapres.features.spectra import measure_spectra
from mapres.networks.card import Calibration
from mapres.networks.registry import Predict, load, predictor
from mapres.progress import silent
from mapres.validation import prediction
from mapres.validation.analysis import find_molecule
from training.global_model.domain import fit_domain, training_profiles
from training.models.coverage import coverage, narrowest
from training.models.ship import ship, training_card, write_card
from training.models.to_onnx import rounded, runner
from training.particles.sets import TREATMENTS, group_of, stored
from training.simulate.examples import examples

# Simulated validation maps whose predictions fit the four numbers of the calibration.
CALIBRATION_MAPS = 400
# Groups of so many maps or more have a coverage of their own.
GROUP = 15
CALIBRATION_SEED = 2000
# 0.3 and 2.5 times of these a card still takes; a network that knows nothing drives it to 0.
SHARPNESS = (0.05, 20.0)
# Of the fall with the width.
STEEPEST = 4.0
SCORES = "calibration (validation split)"
DATA = "patches of realistic and noise-free simulations (training/simulate/draw.py), train split"


@dataclass(frozen=True, eq=False)
class CalibrationMap:
    """What the calibration needs of a map.

    Attributes
    ----------
    predictions : array, shape (n, bins), of its patches
    resolution : Å, the true one
    nyquist : Å
    group : how it was treated
    profile : array, shape (POINTS,)
    """

    predictions: NDArray[np.float32]
    resolution: float
    nyquist: float
    group: str
    profile: NDArray[np.float32]


def export(
    data: Path, run: Path, patches: Path, reconstructions: Path, folder: Path, name: str
) -> None:
    """Write ``<name>.onnx`` and ``<name>.json`` into ``folder``."""
    import keras

    network = rounded(keras.models.load_model(run / "checkpoint.keras", compile=False))
    predict = predictor(runner(network))
    simulated = [*simulated_maps(data, predict)]
    reconstructed = [*reconstructed_maps(reconstructions, predict)]
    calibration, scores = calibrate(simulated + reconstructed)
    held_out = (np.array([m.profile for m in maps]) for maps in (simulated, reconstructed))
    ship(
        network,
        "distribution",
        folder,
        name,
        data,
        predicts="resolution of a cryo-EM map, as a distribution over 64 bins",
        calibration=asdict(calibration),
        domain=fit_domain(training_profiles(patches), *held_out),
        training=training_card(patches, run) | {"data": DATA},
        scores={SCORES: scores},
    )


def recalibrate(data: Path, reconstructions: Path, folder: Path, name: str) -> None:
    """Fit the calibration of a network that ships anew, and write it into its card."""
    path = folder / f"{name}.json"
    predict = load(str(path)).predict
    held_out = simulated_maps(data, predict), reconstructed_maps(reconstructions, predict)
    calibration, scores = calibrate([m for maps in held_out for m in maps])
    card = json.loads(path.read_text(encoding="utf-8"))
    card["calibration"] = asdict(calibration)
    card["scores"][SCORES] = scores
    write_card(path, card)


def simulated_maps(data: Path, predict: Predict) -> Iterator[CalibrationMap]:
    """Yield simulated maps of the validation split, with their predictions."""
    drawn = examples(data, "validation", CALIBRATION_SEED, CALIBRATION_MAPS, processes=2)
    for example in drawn:
        yield _predicted(example.density, example.resolution, example.treatment.kind, predict)


def reconstructed_maps(folder: Path, predict: Predict) -> Iterator[CalibrationMap]:
    """Yield reconstructions of the validation split, treated in every way."""
    for made in stored(folder):
        for treatment in TREATMENTS:
            group = group_of(treatment)
            yield _predicted(made.density(treatment), made.resolution, group, predict)


def _predicted(density: Density, resolution: float, group: str, predict: Predict) -> CalibrationMap:
    predictions, seen = patch_predictions(density, predict)
    return CalibrationMap(predictions, resolution, density.nyquist, group, seen.ravel())


def patch_predictions(
    density: Density, predict: Predict
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the distributions of a map's patches, as `validate` gets them, and its profile."""
    mask, _ = find_molecule(density)
    spectra = measure_spectra(without_outliers(density), mask)
    predictions = prediction.predict_patches(density, mask, spectra, predict, silent)
    return predictions, profile(spectra).astype(np.float32)


def calibrate(maps: list[CalibrationMap]) -> tuple[Calibration, dict]:
    """Fit the calibration on maps that were not trained on.

    Maximum likelihood first; then the sharpness is scaled so that nine in ten of the 90% intervals
    hold the truth, and of every group of `GROUP` maps or more at least 85% (likelihood alone errs
    on either side).
    """
    bins = [int(np.clip(np.searchsorted(EDGES, m.resolution) - 1, 0, BINS - 1)) for m in maps]

    def loss(parameters: NDArray) -> float:
        calibration = _calibration(parameters)
        pooled = [prediction.pool(m.predictions, calibration) for m in maps]
        return -float(np.mean(np.log([p[b] + 1e-9 for p, b in zip(pooled, bins, strict=True)])))

    start = np.array([0.0, -1.0, 0.5, -4.0])
    best = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 600})
    likely = _calibration(best.x)
    candidates = [
        replace(likely, sharpness=round(likely.sharpness * factor, 4))
        for factor in np.geomspace(2.5, 0.3, 43)
    ]
    calibration, scores = narrowest(candidates, partial(score_calibration, maps))
    return calibration, scores | {"log_loss_before_scaling": round(float(best.fun), 4)}


def score_calibration(maps: list[CalibrationMap], calibration: Calibration) -> dict:
    """Return how many maps, and how good answers are, of all and of the worst group."""
    answers, found = [], []
    for m in maps:
        pooled = prediction.pool(m.predictions, calibration)
        answers.append(prediction.resolution_quantiles(pooled, m.nyquist))
        probabilities = prediction.class_probabilities(pooled, m.nyquist)
        found.append(max(probabilities, key=probabilities.__getitem__))
    low, middle, high = np.array(answers).T
    resolution = np.array([m.resolution for m in maps])
    inside = (low <= resolution) & (resolution <= high)
    true_classes = np.array(CLASSES)[class_of(resolution)]
    groups = np.array([m.group for m in maps])
    return {
        "maps": len(maps),
        "right_class": round(float(np.mean(np.array(found) == true_classes)), 4),
        **coverage(inside, groups, GROUP),
        "median_relative_error": round(float(np.median(np.abs(middle / resolution - 1))), 4),
    }


def _calibration(parameters: NDArray) -> Calibration:
    """Map four free numbers onto the calibration's ranges."""
    sharpness, growth, contrast, floor = (float(p) for p in parameters)
    return Calibration(
        sharpness=round(float(np.clip(np.exp(sharpness), *SHARPNESS)), 4),
        growth=round(float(expit(growth)), 4),
        contrast=round(float(np.clip(contrast, 0, STEEPEST)), 4),
        floor=round(0.2 * float(expit(floor)), 5),
    )
