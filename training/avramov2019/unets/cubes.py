"""Experimental maps with local-resolution labels, cut into cubes as the paper does (section 4.1).

The labels may be ours or any program's, on any grid. What the paper does not mention
is kept apart here: voxels that have no label (background, ResMap's 100 Å) are never a class of
their own, and sets can be divided by map as well as by cube.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mapres.density import Density, checked, require_same_grid
from mapres.errors import MapContentError, MapResError
from mapres.features.avramov2019 import CLASSES, blocks, classes_of, masked, padded, whole
from mapres.results.compare import checked_resolution
from mapres.results.resample import UNRESOLVED as NOT_RESOLVED
from mapres.results.resample import grid_to_grid, sampled

# Outside the mask, or without a label; inside it, but resolved at nothing that was tried.
UNLABELED, UNRESOLVED = 255, 254
# Fractions of training, validation and evaluation cubes.
FRACTIONS = {"train": 0.72, "validation": 0.08, "evaluation": 0.20}


@dataclass(frozen=True, eq=False)
class Cubes:
    """Cubes of 16³ voxels of one or more maps.

    Attributes
    ----------
    values : float32 array, shape (n, 16, 16, 16), maps scaled to [0, 1], 0 outside the mask
    classes : uint8 array, same shape, 0 to 9; `UNLABELED` outside the mask and without a label,
        `UNRESOLVED` where by the label nothing is resolved (ResMap's 100 Å)
    maps : int array, shape (n,), which map each is of
    """

    values: NDArray[np.float32]
    classes: NDArray[np.uint8]
    maps: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.values)

    def __getitem__(self, chosen: NDArray) -> Cubes:
        """Return some of the cubes."""
        return Cubes(self.values[chosen], self.classes[chosen], self.maps[chosen])

    @property
    def known(self) -> NDArray[np.bool_]:
        """Voxels that have a class."""
        return self.classes < CLASSES

    @property
    def paper_classes(self) -> NDArray[np.uint8]:
        """Classes as the paper has them: background is of the first, the unresolved of the last."""
        last = np.where(self.classes == UNRESOLVED, np.uint8(CLASSES - 1), self.classes)
        return np.where(self.classes == UNLABELED, np.uint8(0), last)


def labels_of(resolution: NDArray) -> NDArray[np.uint8]:
    """Bin resolutions in Å into ten classes; NaN is `UNLABELED`."""
    return np.where(np.isnan(resolution), np.uint8(UNLABELED), classes_of(resolution))


def labeled_cubes(density: Density, label: Density, mask: Density, number: int = 0) -> Cubes:
    """Cut a map and its local resolution into cubes.

    Parameters
    ----------
    density : the map
    label : its local resolution, Å, on any grid in the same place
    mask : inside where > 0.5, on the map's grid
    number : of the map

    Raises
    ------
    MapContentError
        If the map cannot be analyzed, or no voxel inside the mask has a label.
    GridMismatchError
        If the mask has another grid.
    """
    checked(density)
    require_same_grid(density, mask, "mask")
    inside = mask.values > 0.5
    checked_resolution(label)
    place, shape = grid_to_grid(density, label), density.values.shape
    classes = labels_of(sampled(label.values, place, shape))
    classes[_unresolved(label.values, place, shape)] = UNRESOLVED
    classes[~inside] = UNLABELED
    if np.all(classes >= CLASSES):
        raise MapContentError(
            f"{label.name} holds no resolution inside {mask.name}; give the local resolution of "
            f"{density.name}, in its place."
        )
    values = masked(density.values, inside)
    parts = [blocks(padded(array, empty)) for array, empty in ((values, 0), (classes, UNLABELED))]
    _assert_correspondence(parts[0], values)
    _assert_correspondence(parts[1], classes)
    full = parts[0].any(axis=(1, 2, 3))
    return Cubes(parts[0][full], parts[1][full], np.full(full.sum(), number))


def together(cubes: Sequence[Cubes]) -> Cubes:
    """Return the cubes of several maps as one set."""
    columns = zip(*((c.values, c.classes, c.maps) for c in cubes), strict=True)
    return Cubes(*map(np.concatenate, columns))


def divided(cubes: Cubes, seed: int = 0, by_map: bool = False) -> dict[str, Cubes]:
    """Divide cubes at random into 72% training, 8% validation and 20% evaluation.

    As in the paper, cubes of one map come into all three. With ``by_map`` every map is in one of
    them only, which is what a figure for unseen maps takes; each part gets a map at least.
    """
    rng = np.random.default_rng(seed)
    units = cubes.maps if by_map else np.arange(len(cubes))
    names = rng.permutation(np.unique(units))
    if len(names) < len(FRACTIONS):
        what = "maps" if by_map else "cubes"
        raise MapResError(f"{len(names)} {what} cannot be divided in {len(FRACTIONS)}; give more.")
    evaluation = max(1, round(FRACTIONS["evaluation"] * len(names)))
    validation = max(1, round(FRACTIONS["validation"] * len(names)))
    ends = np.cumsum([len(names) - evaluation - validation, validation])
    parts = zip(FRACTIONS, np.split(names, ends), strict=True)
    return {name: cubes[np.flatnonzero(np.isin(units, part))] for name, part in parts}


def _assert_correspondence(parts: NDArray, array: NDArray) -> None:
    """Check that every voxel of the cubes is that of the map."""
    assert np.array_equal(whole(parts, array.shape), array)


def _unresolved(other: NDArray, to_other: NDArray, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Tell at which voxels of another grid the nearest value stands for nothing resolved.

    Arguments are those of `mapres.results.resample.sampled`.
    """
    lost = np.asarray(other) >= NOT_RESOLVED
    near = ndimage.affine_transform(
        lost.astype(np.uint8), to_other[:, :3], to_other[:, 3], shape, order=0
    )
    return near > 0
