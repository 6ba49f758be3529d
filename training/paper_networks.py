"""The schedules of the paper's two classifiers, and what each is trained on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.paper import BOX
from training import networks
from training.paper_fit import PaperSchedule, paper_fit
from training.paper_maps import PaperMaps
from training.span import products, span_of

# One look an epoch; the paper stopped after 50 without progress, at epoch 90.
DNN = PaperSchedule(batch=150, steps_per_check=0, patience=50, max_steps=0)
DNN_EPOCHS = 400
# Cubes of an eighth of the work a step each first, then the whole box: edge in voxels, schedule.
CNN = {
    16: PaperSchedule(batch=75, steps_per_check=50, patience=50, max_steps=1000),
    32: PaperSchedule(batch=75, steps_per_check=25, patience=50, max_steps=200),
    64: PaperSchedule(batch=75, steps_per_check=10, patience=50, max_steps=1500),
}
# So many maps decide when to stop; all 2,700 cost as much as 14 steps.
DECIDING = 300


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Maps given by their coordinates in a span, shape (n, dimensions)."""

    values: NDArray[np.float32]
    labels: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.values)

    def batch(self, indices: NDArray) -> NDArray[np.float32]:
        """Return coordinates, shape (n, dimensions)."""
        return self.values[indices]


@dataclass(frozen=True, eq=False)
class Subset:
    """Some of a set of maps."""

    maps: PaperMaps
    indices: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def labels(self) -> NDArray[np.int32]:
        """0 high, 1 medium, 2 low; shape (n,)."""
        return self.maps.labels[self.indices]

    def batch(self, indices: NDArray) -> NDArray[np.float32]:
        """Return maps, shape (n, 64, 64, 64, 1)."""
        return self.maps.batch(self.indices[indices])


@dataclass(frozen=True, eq=False)
class Cubes:
    """Cubes cut at random out of maps, each with some of the molecule in it."""

    maps: PaperMaps | Subset
    edge: int
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def __len__(self) -> int:
        return len(self.maps)

    @property
    def labels(self) -> NDArray[np.int32]:
        """0 high, 1 medium, 2 low; shape (n,)."""
        return self.maps.labels

    def batch(self, indices: NDArray) -> NDArray[np.float32]:
        """Return cubes, shape (n, edge, edge, edge, 1)."""
        return np.stack([self._cube(values) for values in self.maps.batch(indices)])

    def _cube(self, values: NDArray) -> NDArray[np.float32]:
        while True:
            start = self.rng.integers(0, BOX - self.edge + 1, 3)
            cube = values[tuple(slice(s, s + self.edge) for s in start)]
            if cube.max() > 0.3:
                return cube


def fit_dnn(paper: Path, folder: Path, minutes: float) -> None:
    """Train the dense network in the span of the training maps; leaves ``exact.keras``."""
    train, validation = PaperMaps(paper, "train"), PaperMaps(paper, "validation")
    folder.mkdir(parents=True, exist_ok=True)
    span = span_of(_cached(folder / "train-products.npy", train, train))
    across = span.coordinates(_cached(folder / "validation-products.npy", validation, train))
    steps = len(train) // DNN.batch
    over = paper_fit(
        lambda: networks.compiled(networks.dnn(len(train))),
        Coordinates(span.lower, train.labels),
        Coordinates(across, validation.labels),
        folder,
        replace(DNN, steps_per_check=steps, max_steps=DNN_EPOCHS * steps, minutes=minutes),
    )
    if over:
        _save_on_voxels(span, train, folder)


def _save_on_voxels(span, train: PaperMaps, folder: Path) -> None:
    import keras

    best = keras.models.load_model(folder / "best.keras", compile=False)
    exact = networks.dnn()
    kernel, *others = best.get_weights()
    exact.set_weights([span.on_voxels(kernel, train, _print_progress), *others])
    exact.save(folder / "exact.keras")


def fit_cnn(paper: Path, folder: Path, minutes: float) -> None:
    """Train the 3D CNN, on cubes first and then on the box; leaves ``exact.keras``."""
    import keras

    import training.fourier_convolution  # noqa: F401  (what checkpoints are made of)

    train, validation = PaperMaps(paper, "train"), PaperMaps(paper, "validation")
    some = Subset(validation, np.linspace(0, len(validation) - 1, DECIDING).astype(int))
    end, best = time.monotonic() + 60 * minutes, None
    for edge, schedule in CNN.items():
        sets = (train, some) if edge == BOX else (Cubes(train, edge), Cubes(some, edge))
        left = replace(schedule, minutes=(end - time.monotonic()) / 60)
        if not paper_fit(partial(_cnn, edge, best), *sets, folder / str(edge), left):
            return
        best = folder / str(edge) / "best.keras"
    exact = networks.cnn()
    exact.set_weights(keras.models.load_model(best, compile=False).get_weights())
    exact.save(folder / "exact.keras")


def _cnn(edge: int, smaller: Path | None):
    """Return the network that a stage begins with: a new one, or the last stage's, widened."""
    import keras

    from training.fourier_convolution import with_fourier

    if smaller is None:
        network = networks.cnn(edge)
    else:
        network = networks.widened(keras.models.load_model(smaller, compile=False), edge)
    return networks.compiled(with_fourier(network))


def _cached(path: Path, maps: PaperMaps, others: PaperMaps) -> NDArray[np.float64]:
    if not path.exists():
        np.save(path.with_suffix(".part.npy"), products(maps, others, _print_progress))
        path.with_suffix(".part.npy").replace(path)
    return np.load(path)


def _print_progress(fraction: float, message: str) -> None:
    print(f"{message}: {fraction:.1%}", flush=True)
