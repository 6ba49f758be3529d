"""Prediction of a global network: class probabilities and, for most, a resolution in Å."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..density import Density
from ..errors import ModelError
from ..features import patches as preprocess
from ..features.avramov2019 import BOX, central_box
from ..features.distribution import CLASSES
from ..features.outliers import without_outliers
from ..features.profile import profile
from ..features.spectra import Spectra, measure_spectra
from ..networks.registry import Model, Predict, available
from ..progress import Progress
from .oversampling import on_own_grid
from .pooling import class_probabilities, pool, resolution_quantiles

MAX_PATCHES = 32
BATCH = 8
Interval = tuple[float, float]


@dataclass(frozen=True)
class Prediction:
    """A network's prediction for one map.

    Attributes
    ----------
    probabilities : of each class, summing to 1
    resolution : Å, or None from a classifier
    interval : Å, (finer, coarser) ends of the 90% interval, or None from a classifier
    patches : number of patches that were used
    unlike : see `mapres.networks.domain.Domain.distance`; None of a network without a domain
    """

    probabilities: dict[str, float]
    resolution: float | None
    interval: Interval | None
    patches: int
    unlike: float | None = None

    @property
    def resolution_class(self) -> str:
        """The most probable class."""
        return max(self.probabilities, key=self.probabilities.__getitem__)


def predict_map(
    density: Density,
    mask: NDArray[np.bool_],
    spectra: Spectra,
    network: Model,
    progress: Progress,
) -> Prediction:
    """Predict from a map; ``mask``, bool (z, y, x), marks its molecule.

    Raises
    ------
    ModelError
        If the network predicts local resolution only.
    """
    if network.card.kind == "class":
        progress(0.2, f"predicting from the central {BOX}³ voxels")
        (predicted,) = network.predict(central_box(density.values)[None])
        return Prediction(dict(zip(CLASSES, map(float, predicted), strict=True)), None, None, 1)
    if network.card.kind != "distribution":
        raise ModelError(
            f"the model {network.card.name} predicts local resolution only; choose from: "
            f"{', '.join(available())}."
        )
    pooled, patches = predict_distribution(density, mask, spectra, network, progress)
    low, middle, high = resolution_quantiles(pooled, density.nyquist)
    probabilities = class_probabilities(pooled, density.nyquist)
    unlike = distance_from_training(spectra, network)
    return Prediction(probabilities, middle, (low, high), patches, unlike)


def distance_from_training(spectra: Spectra, network: Model) -> float | None:
    """Return how far a map is from those that a network was trained on; None without a domain."""
    domain = network.card.domain
    return None if domain is None else domain.distance(profile(spectra))


def predict_distribution(
    density: Density,
    mask: NDArray[np.bool_],
    spectra: Spectra,
    network: Model,
    progress: Progress,
) -> tuple[NDArray[np.float64], int]:
    """Return a map's distribution over resolution, shape (bins,), and the number of patches."""
    own = on_own_grid(density, mask)
    if own is not None:
        density, mask = own
        spectra = measure_spectra(without_outliers(density), mask)
    predictions = predict_patches(density, mask, spectra, network.predict, progress)
    return pool(predictions, network.calibration), len(predictions)


def predict_patches(
    density: Density,
    mask: NDArray[np.bool_],
    spectra: Spectra,
    predict: Predict,
    progress: Progress,
) -> NDArray[np.float32]:
    """Return the distribution of every patch, shape (n, bins)."""
    centers = preprocess.patch_centers(density, mask, MAX_PATCHES)
    # A small molecule has few patches: each is used in up to four orientations instead.
    orientations = int(np.clip(12 // len(centers), 1, 4))
    curves, out = profile(spectra), []
    for start in range(0, len(centers), BATCH):
        progress(0.2 + 0.8 * start / len(centers), f"predicting from {len(centers)} patches")
        patches = preprocess.cut_patches(density, centers[start : start + BATCH])
        predicted = [predict(patches.turned(k), curves) for k in range(orientations)]
        out.append(np.exp(np.log(np.stack(predicted) + 1e-6).mean(axis=0)))
    return np.concatenate(out)
