"""Training the paper's networks: maps that have classes, and how many are right."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from training.models.loop import train
from training.models.schedule import ByPatience


class Maps(Protocol):
    """Maps, or what stands for them, each with its class or those of its voxels."""

    labels: NDArray

    def __len__(self) -> int:
        """Return how many maps there are."""
        ...

    def batch(self, indices: NDArray) -> NDArray[np.float32]:
        """Return the network's input for some of them."""
        ...


@dataclass(frozen=True, eq=False)
class _Labeled:
    """Maps as the training loop takes them."""

    maps: Maps

    def __len__(self) -> int:
        return len(self.maps)

    def batch(self, indices: NDArray, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
        return self.maps.batch(indices), self.maps.labels[indices]


def fit(
    build: Callable, training: Maps, validation: Maps, folder: Path, schedule: ByPatience
) -> bool:
    """Train a network, or go on; return whether training is over: then ``best.keras`` is there.

    ``build()`` returns the compiled network to start from; for the others see
    `training.models.loop.train`.
    """
    sets = {"train": _Labeled(training), "validation": validation}
    score = partial(scores, batch=schedule.batch)
    _, state = train(lambda _state: build(), sets.__getitem__, score, folder, schedule)
    return schedule.over(state)


def scores(model, maps: Maps, batch: int) -> dict[str, float]:
    """Return the loss and the accuracy over all of some maps."""
    totals = np.zeros(2)
    for start in range(0, len(maps), batch):
        indices = np.arange(start, min(start + batch, len(maps)))
        model.reset_metrics()
        found = model.test_on_batch(maps.batch(indices), maps.labels[indices], return_dict=True)
        totals += len(indices) * np.array([float(found["loss"]), float(found["accuracy"])])
    model.reset_metrics()
    loss, accuracy = totals / len(maps)
    return {"validation loss": float(loss), "validation accuracy": float(accuracy)}
