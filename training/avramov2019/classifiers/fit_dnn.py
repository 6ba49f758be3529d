"""The schedule of the paper's dense network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from training.avramov2019.classifiers import networks
from training.avramov2019.classifiers.paper_maps import PaperMaps
from training.avramov2019.classifiers.span import Span, products, span_of
from training.avramov2019.classifiers.subsets import Coordinates
from training.avramov2019.fitting import fit
from training.models.curve import note_stages
from training.models.schedule import ByPatience

# One check per epoch; the paper stopped after 50 without progress, at epoch 90.
SCHEDULE = ByPatience(batch=150, steps_per_check=0, patience=50, max_steps=0)
EPOCHS = 120


def fit_dnn(paper: Path, folder: Path, minutes: float) -> None:
    """Train the dense network in the span of the training maps; leaves ``exact.keras``."""
    train, validation = PaperMaps(paper, "train"), PaperMaps(paper, "validation")
    folder.mkdir(parents=True, exist_ok=True)
    span = span_of(_cached(folder / "train-products.npy", train, train))
    across = span.coordinates(_cached(folder / "validation-products.npy", validation, train))
    steps = len(train) // SCHEDULE.batch
    over = fit(
        lambda: networks.compiled(networks.dnn(len(train))),
        Coordinates(span.lower, train.labels),
        Coordinates(across, validation.labels),
        folder,
        replace(SCHEDULE, steps_per_check=steps, max_steps=EPOCHS * steps, minutes=minutes),
    )
    if over:
        _save_on_voxels(span, train, folder)
        stage = {"maps": len(train), "optimizer": "SGD 0.01, batches of 150, in their span"}
        note_stages(folder, {".": stage})


def _save_on_voxels(span: Span, train: PaperMaps, folder: Path) -> None:
    import keras

    best = keras.models.load_model(folder / "best.keras", compile=False)
    exact = networks.dnn()
    kernel, *others = best.get_weights()
    exact.set_weights([span.on_voxels(kernel, train, _print_progress), *others])
    exact.save(folder / "exact.keras")


def _cached(path: Path, maps: PaperMaps, others: PaperMaps) -> NDArray[np.float64]:
    # Of another number of maps it is of no use.
    if not path.exists() or np.load(path, mmap_mode="r").shape != (len(maps), len(others)):
        np.save(path.with_suffix(".part.npy"), products(maps, others, _print_progress))
        path.with_suffix(".part.npy").replace(path)
    return np.load(path)


def _print_progress(fraction: float, message: str) -> None:
    print(f"{message}: {fraction:.1%}", flush=True)
