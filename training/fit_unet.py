"""Training the paper's U-Net on labelled cubes, by its own protocol or by an honest one."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.cubes import CLASSES
from mapres.errors import MapResError
from training.experimental import UNLABELLED, Cubes, divided
from training.paper_fit import PaperSchedule, paper_fit
from training.unet import unet
from training.unet_cubes import read_cubes

# The paper stopped after 1,000 epochs of 300 steps without progress, where it had converged by 60
# or 170; this is what two cores do in an hour. Without their dropout, as in use, weights that a
# rate of 1e-3 still moves answer differently from step to step, so that it falls towards the end.
SCHEDULE = PaperSchedule(batch=32, steps_per_check=100, patience=30, max_steps=2000)
FALLS, RATES = (1300, 1700), (1e-3, 2e-4, 5e-5)


@dataclass(frozen=True, eq=False)
class CubeMaps:
    """Cubes as `paper_fit` takes them.

    Attributes
    ----------
    cubes : the cubes
    honest : background has no class; else it counts as the first, as in the paper
    """

    cubes: Cubes
    honest: bool

    def __len__(self) -> int:
        return len(self.cubes)

    @cached_property
    def labels(self) -> NDArray[np.uint8]:
        """Classes, shape (n, 16, 16, 16)."""
        if not self.honest:
            return self.cubes.paper_classes
        return np.where(self.cubes.known, self.cubes.classes, np.uint8(UNLABELLED))

    def batch(self, indices: NDArray) -> NDArray[np.float32]:
        """Return cubes, shape (n, 16, 16, 16, 1)."""
        return self.cubes.values[indices][..., None]


def run_folder(cache: Path, labels: str, width: int, protocol: str) -> Path:
    """Return where a U-Net's training lies; ``protocol`` is ``paper`` or ``honest``."""
    return cache / f"unet-{labels}-{width}-{protocol}"


def fit_unet(folder: Path, run: Path, width: int, honest: bool, minutes: float) -> bool:
    """Train a U-Net, or go on; return whether training is over. Leaves ``best.keras`` in ``run``.

    Parameters
    ----------
    folder : of cubes, see `unet_cubes`
    run : of this training
    width : filters of the first level; the paper's is 64
    honest : divide by map, and learn from labelled voxels only; else as the paper
    minutes : of this piece
    """
    cubes, names = read_cubes(folder)
    _refuse_others(run, {"maps": names, "cubes": len(cubes), "width": width, "honest": honest})
    parts = divided(cubes, by_map=honest)
    train, validation = (CubeMaps(parts[name], honest) for name in ("train", "validation"))
    schedule = replace(SCHEDULE, minutes=minutes)
    return paper_fit(lambda: compiled(unet(width), honest), train, validation, run, schedule)


def _refuse_others(run: Path, what: dict) -> None:
    """Note what a run is of, so that it never goes on with something else."""
    path = run / "of.json"
    if path.exists() and json.loads(path.read_text()) != what:
        raise MapResError(
            f"{run} holds the training of another width, protocol or set of cubes; give another "
            "--out, or delete it."
        )
    run.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(what))


def compiled(network, honest: bool):
    """Give a U-Net its loss and optimiser.

    Its own accuracy counts voxels without a class as wrong; `accuracies` leaves them out.
    """
    import keras

    ignored = UNLABELLED if honest else None
    rate = keras.optimizers.schedules.PiecewiseConstantDecay(FALLS, RATES)
    network.compile(
        keras.optimizers.Adam(rate),
        keras.losses.SparseCategoricalCrossentropy(ignore_class=ignored),
        metrics=["accuracy"],
    )
    return network


def accuracies(network, cubes: Cubes, batch: int = 64) -> dict[str, float]:
    """Return shares of voxels in the right class.

    Returns
    -------
    ``paper`` over all voxels, background as the first class; ``in mask`` over labelled voxels;
    ``constant`` over those too, for the most frequent class of every map
    """
    found = np.concatenate(
        [
            np.argmax(network.predict_on_batch(cubes.values[start : start + batch, ..., None]), -1)
            for start in range(0, len(cubes), batch)
        ]
    )
    known = cubes.known
    return {
        "paper": float(np.mean(found == cubes.paper_classes)),
        "in mask": float(np.mean((found == cubes.classes)[known])),
        "constant": float(np.mean((constant(cubes) == cubes.classes)[known])),
    }


def constant(cubes: Cubes) -> NDArray[np.intp]:
    """Return the most frequent class of every cube's map, shape (n, 1, 1, 1)."""
    out = np.zeros((len(cubes), 1, 1, 1), dtype=np.intp)
    for number in np.unique(cubes.maps):
        mine = cubes.maps == number
        classes = cubes.classes[mine]
        out[mine] = np.argmax(np.bincount(classes[classes < CLASSES], minlength=CLASSES))
    return out
