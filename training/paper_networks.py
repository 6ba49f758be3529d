"""The schedules of the paper's two classifiers, and what each is trained on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
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
# Cubes half the box first, an eighth of the work a step, then the whole box.
CUBES = PaperSchedule(batch=75, steps_per_check=25, patience=50, max_steps=400)
WHOLE = PaperSchedule(batch=75, steps_per_check=5, patience=50, max_steps=1500)
CUBE = BOX // 2


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
    """Cubes of 32³ cut at random out of maps, each with some of the molecule in it."""

    maps: PaperMaps | Subset
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def __len__(self) -> int:
        return len(self.maps)

    @property
    def labels(self) -> NDArray[np.int32]:
        """0 high, 1 medium, 2 low; shape (n,)."""
        return self.maps.labels

    def batch(self, indices: NDArray) -> NDArray[np.float32]:
        """Return cubes, shape (n, 32, 32, 32, 1)."""
        return np.stack([self._cube(values) for values in self.maps.batch(indices)])

    def _cube(self, values: NDArray) -> NDArray[np.float32]:
        while True:
            start = self.rng.integers(0, BOX - CUBE + 1, 3)
            cube = values[tuple(slice(s, s + CUBE) for s in start)]
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

    train, validation = PaperMaps(paper, "train"), PaperMaps(paper, "validation")
    # 300 maps decide when to stop; all of the validation maps cost as much as 14 steps.
    some = Subset(validation, np.arange(0, len(validation), max(1, len(validation) // 300)))
    begun, cubes, box = time.monotonic(), folder / "cubes", folder / "box"
    schedule = replace(CUBES, minutes=minutes)
    if not paper_fit(lambda: _fast(networks.cnn(CUBE)), Cubes(train), Cubes(some), cubes, schedule):
        return

    def widened():
        small = keras.models.load_model(cubes / "best.keras", compile=False)
        return _fast(networks.widened(small))

    left = minutes - (time.monotonic() - begun) / 60
    if paper_fit(widened, train, some, box, replace(WHOLE, minutes=left)):
        exact = networks.cnn()
        best = keras.models.load_model(box / "best.keras", compile=False)
        exact.set_weights(best.get_weights())
        exact.save(folder / "exact.keras")


def _fast(network):
    from training.fourier_convolution import with_fourier

    return networks.compiled(with_fourier(network))


def _cached(path: Path, maps: PaperMaps, others: PaperMaps) -> NDArray[np.float64]:
    if not path.exists():
        np.save(path.with_suffix(".part.npy"), products(maps, others, _print_progress))
        path.with_suffix(".part.npy").replace(path)
    return np.load(path)


def _print_progress(fraction: float, message: str) -> None:
    print(f"{message}: {fraction:.1%}", flush=True)
