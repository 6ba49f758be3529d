"""Drawing at random how a reconstruction is simulated: resolution, grid, noise, solvent, mask."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from training.data.structures import Structure
from training.simulate.recipe import Recipe, log_uniform

RESOLUTION_RANGE = (1.7, 30.0)
MAX_BOX = 128
# Å: masks that laboratories use begin to fall so far outside the molecule, over such edges.
LABORATORY_MASKS = (2.0, 8.0), (3.0, 8.0)
# Of maps coarser than so many Å such a fraction is of molecules in negative stain.
STAINED = 14.0, 0.3


def draw_recipe(
    structure: Structure,
    rng: np.random.Generator,
    across: float = 3.0,
    resolutions: Sequence[float] = (),
) -> Recipe:
    """Draw resolution, voxel size, box, B factor, field, noise and solvent.

    The resolution is one of those given, or log-uniform; then the molecule stays at least
    ``across`` resolutions wide: nobody determines a blob.
    """
    finest, coarsest = RESOLUTION_RANGE
    coarsest = min(coarsest, max(24.0 / across, structure.extent.max() / across))
    resolution = log_uniform(rng, finest, coarsest)
    if resolutions:
        resolution = float(rng.choice(resolutions))
    # Real maps are sampled 1 to 3.5 times finer than they need be.
    voxel_size = float(np.clip(resolution / 2 / log_uniform(rng, 1.02, 3.5), 0.5, 6.0))
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
        mask_distance=rng.uniform(*LABORATORY_MASKS[0]),
        mask_edge=rng.uniform(*LABORATORY_MASKS[1]),
        stained=resolution > STAINED[0] and rng.random() < STAINED[1],
    )


def on_grid(recipe: Recipe, voxel_size: float) -> Recipe:
    """Return the recipe with voxels of another size, Å, in a box of about the same."""
    edge = 2 * round(0.5 * recipe.shape[0] * recipe.voxel_size / voxel_size)
    return replace(recipe, voxel_size=voxel_size, shape=(int(np.clip(edge, 48, MAX_BOX)),) * 3)
