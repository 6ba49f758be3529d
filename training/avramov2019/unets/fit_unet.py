"""Training the paper's U-Net on labeled cubes, by its own protocol or for held-out maps."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.errors import MapResError
from mapres.features.avramov2019 import CLASSES
from training.avramov2019.fitting import fit as fit_maps
from training.avramov2019.unets.cube_files import read_cubes
from training.avramov2019.unets.cubes import UNLABELED, Cubes, divided
from training.avramov2019.unets.unet import unet
from training.models.curve import note_stages
from training.models.schedule import ByPatience

# Times that all cubes are seen, at first. The paper stopped after 1,000 epochs of 300 steps without
# progress, where it had converged by 60 or 170; this is what two cores do in an hour. Labeled
# voxels alone teach more than with the background beside them.
PASSES, PASSES_BY_MAP = 30, 6
# The rate, and the fraction of those passes after which it falls to another.
RATE, LOW_RATE, FALL = 1e-3, 2e-4, 26 / 30
BATCH, STEPS_PER_CHECK = 32, 100
# At last without dropout, as in use: of 16 filters half is so much that all of them answer
# otherwise (87% of validation voxels right with dropout, 84% without).
LAST = ByPatience(BATCH, STEPS_PER_CHECK, patience=3, max_steps=800)
WITH, WITHOUT = "with-dropout", "without-dropout"


@dataclass(frozen=True, eq=False)
class CubeMaps:
    """Cubes as training takes them.

    Attributes
    ----------
    cubes : the cubes
    by_map : background has no class; else it counts as the first, as in the paper
    """

    cubes: Cubes
    by_map: bool

    def __len__(self) -> int:
        return len(self.cubes)

    @cached_property
    def labels(self) -> NDArray[np.uint8]:
        """Classes, shape (n, 16, 16, 16)."""
        if not self.by_map:
            return self.cubes.paper_classes
        return np.where(self.cubes.known, self.cubes.classes, np.uint8(UNLABELED))

    def batch(self, indices: NDArray) -> NDArray[np.float32]:
        """Return cubes, shape (n, 16, 16, 16, 1)."""
        return self.cubes.values[indices][..., None]


def run_folder(cache: Path, labels: str, width: int, protocol: str) -> Path:
    """Return where a U-Net's training lies; ``protocol`` is ``paper`` or ``split-by-map``."""
    return cache / f"unet-{labels}-{width}-{protocol}"


def fit_unet(folder: Path, run: Path, width: int, by_map: bool, minutes: float) -> bool:
    """Train a U-Net, or go on; return whether training is over: then ``best.keras`` is in ``run``.

    Parameters
    ----------
    folder : of cubes, see `cube_files.write_cubes`
    run : of this training
    width : filters of the first level; the paper's is 64
    by_map : divide by map, and learn from labeled voxels only; else as the paper
    minutes : of this piece
    """
    cubes, names = read_cubes(folder)
    _refuse_others(
        run, {"maps": names, "cubes": len(cubes), "width": width, "split-by-map": by_map}
    )
    parts = divided(cubes, by_map=by_map)
    train, validation = (CubeMaps(parts[name], by_map) for name in ("train", "validation"))
    steps = (PASSES_BY_MAP if by_map else PASSES) * max(1, len(train) // BATCH)
    end = time.monotonic() + 60 * minutes

    def fit(stage: str, build: Callable, schedule: ByPatience) -> bool:
        left = replace(schedule, minutes=(end - time.monotonic()) / 60)
        return fit_maps(build, train, validation, run / stage, left)

    rate = _falling(round(FALL * steps))
    # To its end, and from there on: checks on validation cubes are without dropout, and mislead.
    first = ByPatience(BATCH, STEPS_PER_CHECK, patience=steps, max_steps=steps)
    if not fit(WITH, lambda: compiled(unet(width), by_map, rate), first):
        return False
    if not fit(WITHOUT, lambda: _without_dropout(run / WITH, width, by_map), LAST):
        return False
    shutil.copyfile(run / WITHOUT / "best.keras", run / "best.keras")
    adam = {"cubes": len(train), "optimizer": f"Adam, batches of {BATCH}"}
    note_stages(run, {WITH: adam, WITHOUT: adam})
    return True


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


def _without_dropout(stage: Path, width: int, by_map: bool):
    import keras

    network, trained = unet(width, dropout=0.0), stage / "checkpoint.keras"
    network.set_weights(keras.models.load_model(trained, compile=False).get_weights())
    return compiled(network, by_map, LOW_RATE)


def _falling(step: int):
    import keras

    return keras.optimizers.schedules.PiecewiseConstantDecay([step], [RATE, LOW_RATE])


def compiled(network, by_map: bool, rate=RATE):
    """Give a U-Net its loss and optimizer, of a rate or a schedule of it.

    Its own accuracy counts voxels without a class as wrong; `accuracies` leaves them out.
    """
    import keras

    ignored = UNLABELED if by_map else None
    network.compile(
        keras.optimizers.Adam(rate),
        keras.losses.SparseCategoricalCrossentropy(ignore_class=ignored),
        metrics=["accuracy"],
    )
    return network


def accuracies(network, cubes: Cubes, batch: int = 64) -> dict[str, float]:
    """Return fractions of voxels in the right class.

    Returns
    -------
    ``paper`` over all voxels, background as the first class; ``in mask`` over labeled voxels;
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
