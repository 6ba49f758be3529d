"""What the paper's classifiers are trained on: maps, cubes of them, or what stands for them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mapres.paper import BOX
from training.paper_maps import PaperMaps


@dataclass(frozen=True, eq=False)
class Coordinates:
    """Maps given by numbers that stand for them, shape (n, dimensions).

    Coordinates in a span, or what a network's convolutions make of them; may be a memory map.
    """

    values: NDArray
    labels: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.values)

    def batch(self, indices: NDArray) -> NDArray[np.float32]:
        """Return coordinates, shape (n, dimensions)."""
        return np.asarray(self.values[indices], dtype=np.float32)


@dataclass(frozen=True, eq=False)
class Subset:
    """Some of a set of maps."""

    maps: PaperMaps
    indices: NDArray[np.intp]

    @classmethod
    def evenly(cls, maps: PaperMaps, count: int) -> Subset:
        """Return about ``count`` of some maps, spread over all of them."""
        return cls(maps, np.unique(np.linspace(0, len(maps) - 1, count).astype(int)))

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
