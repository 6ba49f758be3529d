"""Simulated examples: drawing recipes, cutting labelled patches, storing and reading shards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mapres.density import Density
from mapres.errors import MapResError
from mapres.mask import solvent_mask
from mapres.preprocess import Patches, cut_patches, patch_centres, shown_by_patch
from training.atoms import simulate_pdb2mrc
from training.deposit import Treatment, deposit
from training.simulate import Recipe, Reconstruction, reconstruct
from training.structures import Structure, from_packed, rotated, rows

RESOLUTION_RANGE = (1.7, 30.0)
MAX_BOX = 128
PATCHES_PER_MAP = 6
# Share of each set in the maps drawn; rebuilt chains have no B factors of their own.
SETS = {"chain": 0.45, "chain-rebuilt": 0.3, "complex": 0.25}
# Users also open maps calculated from models; the paper's classifiers know no others.
NOISE_FREE = 0.2
NOMINAL = np.arange(1.5, 20.1, 0.5)


@dataclass(frozen=True, eq=False)
class Example:
    """A map as deposited, with what is true of it.

    Attributes
    ----------
    density : the map
    truth : float32 array, shape (z, y, x), local resolution, Å
    mask : bool array, shape (z, y, x), the true molecule
    resolution : Å, global: half-map FSC 0.143 inside the molecule, or the filter if coarser;
        of a noise-free map the nominal one
    structure_id : which molecule
    made : the reconstruction behind it, with its half maps; None of a noise-free map
    treatment : what was done to it
    """

    density: Density
    truth: NDArray[np.float32]
    mask: NDArray[np.bool_]
    resolution: float
    structure_id: str
    made: Reconstruction | None
    treatment: Treatment


def draw_example(structure: Structure, rng: np.random.Generator) -> Example:
    """Simulate one map of a molecule in a random orientation, with everything drawn at random."""
    turned = rotated(structure, Rotation.random(random_state=rng).as_matrix())
    recipe = draw_recipe(turned, rng)
    made = reconstruct(_centred_on_crop(turned, recipe, rng), recipe, rng)
    treatment = draw_treatment(made, rng)
    density, truth = deposit(made, treatment)
    return Example(
        density=density,
        truth=truth,
        mask=made.mask,
        resolution=max(made.resolution, treatment.low_pass or 0.0),
        structure_id=structure.id,
        made=made,
        treatment=treatment,
    )


def draw_noise_free(structure: Structure, rng: np.random.Generator) -> Example:
    """Calculate the map of a molecule in a random orientation, as `simulate_pdb2mrc` does.

    Nominal resolutions are mostly multiples of 0.5 Å, as people choose them.
    """
    turned = rotated(structure, Rotation.random(random_state=rng).as_matrix())
    resolution = float(rng.choice(NOMINAL))
    if rng.random() < 0.2:
        resolution = _log_uniform(rng, NOMINAL[0], NOMINAL[-1])
    voxel_size, edge = 1.0, 64
    if rng.random() < 0.5:
        voxel_size = float(np.clip(resolution / _log_uniform(rng, 2.05, 7.0), 0.5, 4.0))
        edge = int((turned.extent.max() + 2 * rng.uniform(2, 25)) / voxel_size)
        edge = int(np.clip(edge, 40 / voxel_size + 16, MAX_BOX))
    shape = (edge,) * 3
    values = simulate_pdb2mrc(turned, resolution, voxel_size, shape)
    return Example(
        density=Density(values, (voxel_size,) * 3),
        truth=np.full(shape, resolution, dtype=np.float32),
        mask=values > 0.1 * np.percentile(values, 99.5),
        resolution=resolution,
        structure_id=structure.id,
        made=None,
        treatment=Treatment(),
    )


def draw_recipe(structure: Structure, rng: np.random.Generator) -> Recipe:
    """Draw resolution (log-uniform), voxel size, box, B factor, field, noise and solvent.

    Resolution stays finer than a third of the molecule: nobody determines a blob.
    """
    finest, coarsest = RESOLUTION_RANGE
    coarsest = min(coarsest, max(8.0, structure.extent.max() / 3))
    resolution = _log_uniform(rng, finest, coarsest)
    # Real maps are sampled 1 to 3.5 times finer than they need be.
    voxel_size = float(np.clip(resolution / 2 / _log_uniform(rng, 1.02, 3.5), 0.5, 6.0))
    voxel_size = min(voxel_size, resolution / 2.02)
    padding = rng.uniform(6, 25)
    edge = (structure.extent.max() + 2 * padding) / voxel_size
    edge = int(np.clip(edge, 40 / voxel_size + 16, MAX_BOX))
    edge += edge % 2
    return Recipe(
        resolution=resolution,
        voxel_size=voxel_size,
        shape=(edge,) * 3,
        b_scale=rng.uniform(6, 16),
        spread=0.0 if rng.random() < 0.3 else rng.uniform(0.03, 0.2),
        patch_length=rng.uniform(20, 60),
        noise_slope=rng.uniform(-0.3, 1.5),
        solvent=rng.uniform(0.2, 0.95),
        solvent_b=rng.uniform(100, 350),
    )


def draw_treatment(made: Reconstruction, rng: np.random.Generator) -> Treatment:
    """Draw what happens to a full map before it is deposited; one in five is left raw."""
    if rng.random() < 0.2:
        return Treatment()
    limit = made.resolution
    sharpening = rng.uniform(0.2, 1.25) if rng.random() < 0.65 else 0.0
    if sharpening == 0 and rng.random() < 0.3:
        # Blurred instead: interpolation, Gaussian filters, weights meant for another resolution.
        sharpening = -rng.uniform(0.1, 0.8)
    filtered = sharpening > 0 or rng.random() < 0.5
    low_pass = None
    if filtered:
        # Most people filter at the resolution they report; some well before it.
        factor = rng.uniform(0.8, 1.02) if rng.random() < 0.8 else _log_uniform(rng, 1.02, 2.0)
        low_pass = max(limit * factor, 2 * made.recipe.voxel_size)
    masked, hard = rng.random() < 0.5, rng.random() < 0.3
    distance = rng.uniform(-2, 4) if hard else rng.uniform(1, 15)
    return Treatment(
        weighted=rng.random() < 0.55,
        sharpening=sharpening,
        low_pass=low_pass,
        filter_edge=_log_uniform(rng, 0.02, 0.5),
        mask_distance=distance if masked else None,
        mask_edge=0.0 if hard else rng.uniform(2, 10),
        sphere=rng.random() < 0.25,
        bits=8 if rng.random() < 0.05 else 32,
    )


def label_patches(example: Example, count: int) -> tuple[Patches, NDArray[np.float32]]:
    """Cut patches as prediction does where it finds a molecule, and label each.

    The label is the map's resolution, changed by how far the mean ln r(x) over what the patch shows
    of the molecule is from that over all of it.

    Returns
    -------
    Patches, and a float32 array, shape (n,), of resolutions in Å. Patches with under 2 % molecule
    are left out.

    Raises
    ------
    MapResError
        If no molecule is found in the map.
    """
    centres = patch_centres(solvent_mask(example.density), example.density.spacing, count)
    kept, labels = [], []
    everywhere = np.log(example.truth[example.mask]).mean()
    for index, centre in enumerate(centres):
        near = shown_by_patch(example.density, centre)
        inside = example.mask[near]
        if inside.mean() > 0.02:
            kept.append(index)
            here = np.log(example.truth[near][inside]).mean()
            labels.append(example.resolution * np.exp(here - everywhere))
    patches = cut_patches(example.density, centres[np.array(kept, dtype=int)])
    return patches, np.array(labels, dtype=np.float32)


def examples(
    data: Path, split: str, seed: int, count: int, noise_free: float = 0.0
) -> Iterator[Example]:
    """Yield realistic maps of one split, its sets mixed as `SETS` says.

    Map ``k`` of a seed is always the same map, however many are asked for. With ``noise_free``,
    that share of them are calculated maps instead.
    """
    sets = pools(data, split)
    for k in range(count):
        rng = np.random.default_rng([seed, k])
        pool = sets[str(rng.choice(list(SETS), p=list(SETS.values())))]
        structure = from_packed(data / "structures.h5", int(pool[rng.integers(len(pool))]["index"]))
        draw = draw_noise_free if rng.random() < noise_free else draw_example
        yield draw(structure, rng)


def pools(data: Path, split: str) -> dict[str, list[dict[str, str]]]:
    """Return the molecules of a split, by set.

    Chains are split by cluster of 40 % identity, complexes by PDB entry. So that no molecule of
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
    """Store labelled patches; return how many.

    Values go into ``.npy`` as float16, spectra and labels into the ``.npz`` beside it.
    """
    values, spectra, labels, ids = [], [], [], []
    for example in source:
        try:
            cut, label = label_patches(example, PATCHES_PER_MAP)
        except MapResError:
            continue
        values.append(cut.values.astype(np.float16))
        spectra.append(cut.spectra)
        labels.append(label)
        ids += [example.structure_id] * len(label)
    np.save(path.with_suffix(".npy"), np.concatenate(values))
    # The labels come last and at once: a shard with labels is whole.
    temporary = path.with_suffix(".part.npz")
    np.savez(
        temporary,
        spectrum=np.concatenate(spectra),
        resolution=np.concatenate(labels),
        structure=np.array(ids),
    )
    os.replace(temporary, path.with_suffix(".npz"))
    return len(ids)


def _centred_on_crop(structure: Structure, recipe: Recipe, rng: np.random.Generator) -> Structure:
    """Move a molecule that is larger than the box so that one of its atoms is the box's centre."""
    box = recipe.voxel_size * recipe.shape[0]
    if structure.extent.max() < box:
        return structure
    xyz = structure.xyz - structure.xyz[rng.integers(len(structure.xyz))]
    return replace(structure, xyz=xyz)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
