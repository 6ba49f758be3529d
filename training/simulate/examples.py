"""Simulated examples of a split, labeled patches of them, and the shards that store those."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from mapres import fourier
from mapres.checks.measurements import measure_map
from mapres.density import Density
from mapres.errors import MapResError
from mapres.features.patches import (
    PATCH,
    VOXEL_SIZE,
    Patches,
    cut_patches,
    patch_centers,
    window_of,
    window_start,
)
from mapres.features.profile import profile
from mapres.mask import solvent_mask
from training.data.structures import from_packed, rows
from training.simulate.draw import EVERYTHING, Example, Ingredients, draw_example

# A fresh map teaches more than further patches of the same one.
PATCHES_PER_MAP = 3
# Maps simulated ahead, of up to 40 MB each.
AHEAD = 16
# Fraction of each set in the maps drawn; rebuilt chains have no B factors of their own.
SETS = {"chain": 0.45, "chain-rebuilt": 0.3, "complex": 0.25}


def label_patches(
    example: Example, count: int
) -> tuple[Patches, NDArray[np.float32], NDArray[np.float32]]:
    """Cut patches as prediction does where it finds a molecule, and label each.

    The label is the map's resolution, changed by how far the mean ln r(x) over what the patch shows
    of the molecule is from that over all of it.

    Returns
    -------
    Patches, the profile of the map, shape (4, 75), and a float32 array, shape (n,), of resolutions
    in Å. Patches with under 2% molecule are left out.

    Raises
    ------
    MapResError
        If no molecule is found in the map.
    """
    mask = solvent_mask(example.density)
    centers = patch_centers(mask, example.density.spacing, count)
    kept, labels = [], []
    everywhere = np.log(example.truth[example.mask]).mean()
    for index, center in enumerate(centers):
        near = shown_by_patch(example.density, center)
        inside = example.mask[near]
        if inside.mean() > 0.02:
            kept.append(index)
            here = np.log(example.truth[near][inside]).mean()
            labels.append(example.resolution * np.exp(here - everywhere))
    patches = cut_patches(example.density, centers[np.array(kept, dtype=int)])
    seen = profile(measure_map(example.density, mask).spectra)
    return patches, seen, np.array(labels, dtype=np.float32)


def shown_by_patch(density: Density, center: NDArray[np.intp]) -> tuple[slice, slice, slice]:
    """Return the voxels of the map that the patch of a center shows.

    They are those around the center, unless the window had to be moved to stay inside the box.
    """
    edge, _ = window_of(density.spacing)
    half = 0.5 * PATCH * VOXEL_SIZE / density.spacing
    starts = (
        window_start(middle, n, edge)
        for middle, n in zip(center, density.values.shape, strict=True)
    )
    middles = [start + edge / 2 for start in starts]
    z, y, x = (slice(max(0, round(m - half)), max(0, round(m + half))) for m in middles)
    return z, y, x


def examples(
    data: Path,
    split: str,
    seed: int,
    count: int,
    ingredients: Ingredients = EVERYTHING,
    processes: int = 1,
) -> Iterator[Example]:
    """Yield simulated maps of one split, its sets mixed as `SETS` says.

    Map ``k`` of a seed is always the same map, however many are asked for; see `spread`.
    """
    make = partial(make_example, data, pools(data, split), seed, ingredients)
    yield from spread(make, count, processes, f"{split} maps")


def spread(make: Callable, count: int, processes: int, label: str) -> Iterator:
    """Yield ``make(k)`` for k below ``count``, in order.

    More than one process works ahead of the caller, and shows how far it is.
    """
    if processes == 1:
        yield from map(make, range(count))
        return
    # A fresh interpreter each: one that has loaded TensorFlow must not be forked.
    with get_context("spawn").Pool(processes, initializer=one_thread) as pool:
        ahead = (range(start, min(start + AHEAD, count)) for start in range(0, count, AHEAD))
        made = (example for part in ahead for example in pool.imap(make, part))
        yield from tqdm(made, total=count, desc=label, unit="")


def make_example(
    data: Path, sets: dict[str, list], seed: int, ingredients: Ingredients, k: int
) -> Example:
    """Return map ``k`` of a seed; ``sets`` as `pools` returns them."""
    rng = np.random.default_rng([seed, k])
    name = str(rng.choice(list(SETS), p=list(SETS.values())))
    if name == "complex" and not ingredients.complexes:
        name = "chain-rebuilt"
    if not ingredients.chains:
        name = "complex"
    row = sets[name][rng.integers(len(sets[name]))]
    structure = from_packed(data / "structures.h5", int(row["index"]))
    return draw_example(structure, rng, ingredients)


def one_thread() -> None:
    """Leave the other cores to the other processes."""
    fourier.WORKERS = 1


def pools(data: Path, split: str) -> dict[str, list[dict[str, str]]]:
    """Return the molecules of a split, by set.

    Chains are split by cluster of 40% identity, complexes by PDB entry. So that no molecule of
    validation or test is part of a training complex, entries that occur in training are left out
    of both; homology between complexes and chains is not controlled beyond that.
    """
    table = rows(data / "structures.tsv")
    training = {row["pdb_id"] for row in table if row["split"] == "train"}
    kept = [row for row in table if row["split"] == split]
    if split != "train":
        kept = [row for row in kept if row["pdb_id"] not in training]
    return {name: [row for row in kept if row["set"] == name] for name in SETS}


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
