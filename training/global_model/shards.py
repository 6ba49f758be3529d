"""Shards: files of labeled patches, written map by map and read batch by batch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.errors import MapResError
from mapres.features.patches import PATCH
from training.global_model.patches import label_patches
from training.global_model.soft_targets import soft_targets
from training.simulate.draw import Example

# A fresh map teaches more than further patches of the same one.
PATCHES_PER_MAP = 2


def write_shard(source: Iterator[Example], path: Path) -> int:
    """Store labeled patches; return how many.

    Values go into ``.npy`` as float16, spectra, profiles and labels into the ``.npz`` beside it.
    """
    values, spectra, profiles, labels, ids = [], [], [], [], []
    for example in source:
        try:
            cut, seen, label = label_patches(example, PATCHES_PER_MAP)
        except MapResError:
            continue
        values.append(cut.values.astype(np.float16))
        spectra.append(cut.spectra)
        profiles += [seen] * len(label)
        labels.append(label)
        ids += [example.structure_id] * len(label)
    np.save(path.with_suffix(".npy"), np.concatenate(values))
    # The labels come last and at once: a shard with labels is whole.
    temporary = path.with_name(f"part-{path.name}.npz")
    np.savez(
        temporary,
        spectrum=np.concatenate(spectra),
        profile=np.array(profiles, dtype=np.float16),
        resolution=np.concatenate(labels),
        structure=np.array(ids),
    )
    os.replace(temporary, path.with_suffix(".npz"))
    return len(ids)


class Shards:
    """Stored patches of one split, read from disk batch by batch.

    Of every patch a cube of ``edge`` voxels is given, if it is smaller: anywhere, or its middle.
    """

    def __init__(self, folder: Path, split: str, edge: int = PATCH):
        self._edge = edge
        self.paths = sorted(folder.glob(f"{split}-*.npz"))
        if not self.paths:
            raise FileNotFoundError(
                f"no {split} patches in {folder}; run the subcommand simulate first."
            )
        self.patches = [np.load(path.with_suffix(".npy"), mmap_mode="r") for path in self.paths]
        labels = [np.load(path)["resolution"] for path in self.paths]
        self.resolution = np.concatenate(labels)
        self.spectrum, self.profile = (
            np.concatenate([np.load(path)[name] for path in self.paths]).astype(np.float32)
            for name in ("spectrum", "profile")
        )
        self.place = [(s, k) for s, label in enumerate(labels) for k in range(len(label))]

    def __len__(self) -> int:
        return len(self.place)

    def batch(
        self, indices: NDArray, rng: np.random.Generator | None
    ) -> tuple[list[NDArray[np.float32]], NDArray[np.float32]]:
        """Return the network's three inputs, see `default_network`, and targets (n, bins).

        With ``rng``, each patch is turned and mirrored into one of its 48 orientations.
        """
        chosen = [self._cube(self.patches[s][k], rng) for s, k in (self.place[i] for i in indices)]
        if rng is not None:
            chosen = [_turned(patch, rng) for patch in chosen]
        values = np.stack(chosen).astype(np.float32)[..., None]
        inputs = [values, self.spectrum[indices], self.profile[indices]]
        return inputs, soft_targets(self.resolution[indices])

    def _cube(self, patch: NDArray, rng: np.random.Generator | None) -> NDArray:
        free = patch.shape[0] - self._edge
        z, y, x = (free // 2,) * 3 if rng is None else rng.integers(0, free + 1, 3)
        return np.asarray(patch[z : z + self._edge, y : y + self._edge, x : x + self._edge])


def _turned(patch: NDArray, rng: np.random.Generator) -> NDArray:
    axes = rng.permutation(3)
    flips = tuple(slice(None, None, int(s)) for s in rng.choice([-1, 1], 3))
    return patch.transpose(axes)[flips]
