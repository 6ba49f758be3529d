"""What the paper's classifiers are trained on: maps, cubes of them, or what stands for them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mapres.features.avramov2019 import BOX
from training.avramov2019.classifiers.paper_maps import RESOLUTIONS, PaperMaps


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
        """Return the three maps of ``count`` / 3 molecules, spread over all of them."""
        step = len(RESOLUTIONS)
        molecules = np.linspace(0, len(maps) // step - 1, count // step).astype(int)
        return cls(maps, (step * np.unique(molecules)[:, None] + np.arange(step)).ravel())

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
    """Cubes cut at random out of maps, each with some of the molecule in it.

    Attributes
    ----------
    maps : what they are cut out of
    edge : voxels
    fixed : always cut the same cube out of a map
    """

    maps: PaperMaps | Subset
    edge: int
    fixed: bool = False
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))

    def __len__(self) -> int:
        return len(self.maps)

    @property
    def labels(self) -> NDArray[np.int32]:
        """0 high, 1 medium, 2 low; shape (n,)."""
        return self.maps.labels

    def batch(self, indices: NDArray) -> NDArray[np.float32]:
        """Return cubes, shape (n, edge, edge, edge, 1)."""
        maps = self.maps.batch(indices)
        return np.stack([self._cube(*pair) for pair in zip(indices, maps, strict=True)])

    def _cube(self, index: int, values: NDArray) -> NDArray[np.float32]:
        rng = np.random.default_rng(index) if self.fixed else self.rng
        while True:
            start = rng.integers(0, BOX - self.edge + 1, 3)
            cube = values[tuple(slice(s, s + self.edge) for s in start)]
            if cube.max() > 0.3:
                return cube
