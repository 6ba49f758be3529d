"""The registry of models: a card (JSON) beside each weights file, checked before anything loads."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from . import bands, cells, cubes, preprocess, profile, relative, surroundings, tapered
from .distribution import EDGES
from .errors import ModelError
from .paper import BOX

# From patches and their map's profile to one distribution over the bins each, shape (n, bins); from
# boxes, shape (n, 64, 64, 64), to the probabilities of the three classes, shape (n, 3); from cells,
# see `relative.rows`, or from cubes, to those of every one of them.
Predict = Callable[..., NDArray[np.float32]]
FOLDER = Path(__file__).parent / "models"
# In the order in which `ALL` asks and shows those of them that are there.
ORDER = ("default", "dnn", "cnn")
ALL = "all"
# What cards of a kind say besides.
SAID: dict[str, tuple[str, ...]] = {
    "distribution": ("calibration",),
    "local": ("calibration", "overall_model_sha256"),
}


@dataclass(frozen=True)
class Calibration:
    """How patches of a map become one distribution, or every cell's its own; fitted on validation.

    Attributes
    ----------
    sharpness : power to which the patches' geometric mean is raised, for one patch
    growth : exponent with which that power grows with the number of patches
    floor : share of an even distribution that is mixed in
    """

    sharpness: float
    growth: float
    floor: float


@dataclass(frozen=True, eq=False)
class Model:
    """A loaded model.

    Attributes
    ----------
    name : as given by the user
    sha256 : of the weights file
    card : everything the card says
    kind : ``distribution`` over resolution, or ``class`` only, of a map; ``local``, a distribution
        for every cell of it, or ``cubes``, a class for every voxel; see `preprocessing_card`
    calibration : see `Calibration`; None of what gives classes
    predict : see `Predict`
    """

    name: str
    sha256: str
    card: dict
    kind: str
    calibration: Calibration | None
    predict: Predict

    @property
    def label(self) -> str:
        """``name@first 12 digits of the sha256``, for reports."""
        return f"{self.name}@{self.sha256[:12]}"


def available() -> list[str]:
    """Return the names of the models that are in the package's folder."""
    return [name for name in ORDER if card_path(name).is_file()]


def chosen(name: str) -> tuple[str, ...]:
    """Return the models that a name stands for: ``all`` for every one there is, others for one."""
    return tuple(available()) if name == ALL else (name,)


def card_path(name: str) -> Path:
    """Return where the card of a model is: by its name, or itself the path of a card."""
    return Path(name) if name.endswith(".json") else FOLDER / f"{name}.json"


def load(name: str) -> Model:
    """Load a model by name, or one of the user's by the path of its card (``.json``).

    A model is read once and kept.

    Raises
    ------
    ModelError
        If there is no such model, its weights are missing, altered or unreadable, it was made for
        another preprocessing, or neither Keras nor a backend is installed.
    """
    path = card_path(name)
    if not path.is_file():
        raise ModelError(f"there is no model {name}; choose from: {', '.join(available())}.")
    return _load(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _load(path: Path, _modified: int) -> Model:
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
        weights = path.parent / card["weights"]
        kind = card["kind"]
        said = {name: card[name] for name in SAID.get(kind, ())}
        calibration = Calibration(**said["calibration"]) if "calibration" in said else None
        expected = card["sha256"]
        preprocessing = card["preprocessing"]
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise ModelError(f"the model card {path.name} cannot be read ({error!r}).") from error
    if preprocessing != _PREPROCESSING.get(kind):
        raise ModelError(
            f"the model {path.stem} was made for another preprocessing; "
            "use the version of MapRes that it came with."
        )
    if not weights.is_file():
        raise ModelError(f"the weights {weights.name} are missing; install MapRes again.")
    if sha256(weights) != expected:
        raise ModelError(
            f"the weights {weights.name} are not those of the card (their sha256 differs); "
            "install MapRes again."
        )
    network = _load_network(weights)
    return Model(path.stem, expected, card, kind, calibration, predictor(network, kind))


def preprocessing_card(kind: str) -> dict:
    """Return what a card must say of the preprocessing, from the code that does it."""
    return _PREPROCESSING[kind]


_PREPROCESSING: dict[str, dict] = {
    "distribution": {
        "voxel_size_A": preprocess.VOXEL_SIZE,
        "patch": preprocess.PATCH,
        "margin_A": preprocess.MARGIN,
        "clip_sd": preprocess.CLIP,
        "spectrum_shells": preprocess.SHELLS,
        "spectrum_faintest": preprocess.FAINTEST,
        "profile_A": [round(float(1 / f), 4) for f in profile.FREQUENCIES[[0, -1]]],
        "profile_points": len(profile.FREQUENCIES),
        "normalisation": "median 0, standard deviation 1, per patch",
        "bin_edges_A": [round(float(edge), 4) for edge in EDGES],
    },
    "class": {
        "voxel_size_A": "as it is",
        "box": BOX,
        "normalisation": "extremes of the map to 0 and 1; central crop, zeros at the end",
    },
    "cubes": {
        "voxel_size_A": "as it is",
        "cube": cubes.EDGE,
        "normalisation": "extremes of the map to 0 and 1; 0 outside the mask",
        "class_limits_A": [float(limit) for limit in cubes.LIMITS],
    },
    "local": {
        "cell_A_and_voxels": list(surroundings.CELL),
        "band_samples": bands.SAMPLES,
        "taper_A": tapered.TAPER,
        "solvent_apart": list(surroundings.APART),
        "scales": [cells.LEVEL_SCALE, cells.ENERGY_SCALE, cells.UNSEEN],
        "wavelengths_A": [round(float(w), 4) for w in bands.WAVELENGTHS],
        "windows": [*surroundings.WIDTHS, surroundings.FINE, surroundings.COARSE],
        "about_A": [*surroundings.ABOUT, surroundings.SOLVENT],
        "inputs": [relative.OF_CELL, relative.OF_MAP],
        "offsets": [round(float(relative.OFFSETS[-1]), 4), len(relative.OFFSETS)],
        "faintest": cells.FAINTEST,
        "profile_A": [round(float(1 / f), 4) for f in profile.FREQUENCIES[[0, -1]]],
        "profile_points": len(profile.FREQUENCIES),
        "bin_edges_ln": [round(float(edge), 5) for edge in relative.LN_EDGES],
    },
}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _load_network(weights: Path):
    # TensorFlow leaves its faster convolutions off on many processors: 0.36 s against 0.20 s for
    # eight patches on two AVX2 cores. Others do not heed it.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    try:
        import keras
    except ImportError as error:
        raise ModelError(
            "networks need Keras and a backend, which this Python does not have; "
            "install them with: pip install keras tensorflow."
        ) from error
    try:
        return keras.saving.load_model(weights, compile=False, safe_mode=True)
    except (ValueError, OSError, TypeError, KeyError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise ModelError(f"the weights {weights.name} cannot be loaded ({first}).") from error


def predictor(network, kind: str = "distribution") -> Predict:
    """Wrap a Keras network of a kind as a function of what `Predict` says."""

    def of_patches(patches: preprocess.Patches, seen: NDArray) -> NDArray[np.float32]:
        profiles = np.repeat(seen[None], len(patches), axis=0)
        inputs = [patches.values[..., None], patches.spectra, profiles]
        return np.asarray(network.predict_on_batch(inputs))

    def of_boxes(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
        logits = np.asarray(network.predict_on_batch(boxes[..., None]), dtype=np.float32)
        return softmax(logits, axis=1)

    def of_cells(rows: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(network.predict_on_batch(rows))

    def of_cubes(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(network.predict_on_batch(values[..., None]))

    kinds: dict[str, Predict] = {
        "distribution": of_patches,
        "class": of_boxes,
        "cubes": of_cubes,
        "local": of_cells,
    }
    return kinds[kind]
