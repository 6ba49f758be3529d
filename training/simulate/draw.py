"""Drawing at random what a simulated map is: resolution, grid, noise, and what is done to it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from mapres.density import Density
from mapres.half_maps import HalfMaps
from training.data.structures import Structure, rotated
from training.simulate.atoms import simulate_pdb2mrc
from training.simulate.draw_recipe import MAX_BOX, draw_recipe, on_grid
from training.simulate.recipe import Recipe, log_uniform
from training.simulate.reconstruct import NEAR, Reconstruction, reconstruct
from training.simulate.treatments.deposit import deposit, filtered_resolution
from training.simulate.treatments.draw_treatment import draw_post_masked, draw_treatment
from training.simulate.treatments.treatment import Treatment

# Standard deviation of ln r(x) where it varies more.
SPREADS = (0.03, 0.35)
# Resolutions that such a field varies over, at least, and that a molecule is across: what changes
# from one resolution length to the next has no resolution of its own.
PATCHES = (2.5, 8.0)
ACROSS = 5.0
# A molecule has little power between 20 and 8 Å. Where its FSC dips below 0.143 there, before it is
# at the resolution wanted, as no real map's does, the map is made again with more of it.
DIPS = 1.3
RETRIES = 12
# Å: over this a tight envelope falls.
TIGHT_EDGE = 3.0
NOMINAL = np.arange(1.5, 20.1, 0.5)


@dataclass(frozen=True)
class Ingredients:
    """What simulated maps are made with; for comparison, each can be left out.

    Attributes
    ----------
    noise : False: only noise-free maps, calculated as the paper's
    noise_free : fraction of noise-free maps. Users also open maps calculated from models
    b_factors : amplitudes that fall off, and differently so from place to place
    masks : soft and hard masks, the sphere of a reconstruction, contour levels
    sharpening : B factors taken back, or added
    weights : by the FSC of the half maps, and B factors of Guinier plots
    laboratory_masks : False: resolution defined by the FSC in a tight envelope of the molecule
    voxel_sizes : False: as near to 1 Å as the resolution allows
    complexes : False: single chains only
    chains : False: complexes only
    varied : fraction of maps whose local resolution varies more, and with the B factors of the
        structure besides
    resolutions : Å, those that are drawn from; empty for any
    post_masked : True: all are as RELION's postprocess leaves them inside its mask
    """

    noise: bool = True
    noise_free: float = 0.0
    b_factors: bool = True
    masks: bool = True
    sharpening: bool = True
    weights: bool = True
    laboratory_masks: bool = True
    voxel_sizes: bool = True
    complexes: bool = True
    chains: bool = True
    varied: float = 0.35
    resolutions: tuple[float, ...] = ()
    post_masked: bool = False


EVERYTHING = Ingredients()


@dataclass(frozen=True, eq=False)
class Example:
    """A map as deposited, with what is true of it.

    Attributes
    ----------
    density : the map
    truth : float32 array, shape (z, y, x), local resolution, Å
    mask : bool array, shape (z, y, x), the true molecule
    known : bool array, shape (z, y, x), where that is true: the molecule and 3 Å around it
    resolution : Å, global: half-map FSC 0.143 inside the mask of the recipe, or the filter if
        coarser; of a noise-free map the nominal one
    structure_id : which molecule
    treatment : what was done to it
    half_maps : of the reconstruction; None of a noise-free map
    made : the simulated reconstruction behind it, if there is one
    """

    density: Density
    truth: NDArray[np.float32]
    mask: NDArray[np.bool_]
    known: NDArray[np.bool_]
    resolution: float
    structure_id: str
    treatment: Treatment
    half_maps: HalfMaps | None = None
    made: Reconstruction | None = None


def draw_example(
    structure: Structure, rng: np.random.Generator, ingredients: Ingredients = EVERYTHING
) -> Example:
    """Simulate one map of a molecule in a random orientation, with everything drawn at random."""
    if not ingredients.noise or rng.random() < ingredients.noise_free:
        return draw_noise_free(structure, rng, ingredients.voxel_sizes)
    turned = rotated(structure, Rotation.random(random_state=rng).as_matrix())
    # Without B factors nothing can vary.
    varied = rng.random() < ingredients.varied and ingredients.b_factors
    across = ACROSS if varied else 3.0
    recipe = draw_recipe(turned, rng, across, ingredients.resolutions)
    if not ingredients.b_factors:
        recipe = replace(recipe, b_scale=0.0, spread=0.0)
    if not ingredients.laboratory_masks:
        recipe = replace(recipe, mask_distance=0.0, mask_edge=TIGHT_EDGE)
    if not ingredients.voxel_sizes:
        recipe = on_grid(recipe, min(1.0, recipe.resolution / 2.02))
    if varied:
        spread = 0.0 if rng.random() < 0.1 else log_uniform(rng, *SPREADS)
        length = max(recipe.patch_length, recipe.resolution * rng.uniform(*PATCHES))
        recipe = replace(recipe, spread=spread, patch_length=length, regional=True)
    molecule = _centered_on_crop(turned, recipe, rng)
    made = reconstruct(molecule, recipe, rng)
    for _ in range(RETRIES if varied else 0):
        if made.resolution <= DIPS * recipe.resolution:
            break
        recipe = replace(recipe, b_scale=1.4 * recipe.b_scale, solvent=0.6 * recipe.solvent)
        made = reconstruct(molecule, recipe, rng)
    return treated(made, structure.id, rng, ingredients)


def treated(
    made: Reconstruction,
    structure_id: str,
    rng: np.random.Generator,
    ingredients: Ingredients = EVERYTHING,
) -> Example:
    """Draw what is done to a simulated reconstruction; return the map that users open."""
    treatment = (draw_post_masked if ingredients.post_masked else draw_treatment)(made, rng)
    if not ingredients.masks:
        treatment = replace(treatment, mask_distance=None, sphere=False, clipped=None)
    if not ingredients.sharpening:
        treatment = replace(treatment, sharpening=0.0, guinier=None)
    if not ingredients.weights:
        treatment = replace(treatment, weights=None, guinier=None)
    density, truth = deposit(made, treatment)
    return Example(
        density=density,
        truth=truth,
        mask=made.mask,
        known=made.distance < NEAR,
        resolution=filtered_resolution(made.resolution, treatment),
        structure_id=structure_id,
        treatment=treatment,
        half_maps=(density.with_values(made.half1), density.with_values(made.half2)),
        made=made,
    )


def draw_noise_free(
    structure: Structure, rng: np.random.Generator, voxel_sizes: bool = True
) -> Example:
    """Calculate the map of a molecule in a random orientation, as `simulate_pdb2mrc` does.

    Nominal resolutions are mostly multiples of 0.5 Å, as people choose them. Every other map, if
    ``voxel_sizes``, has another grid than the paper's.
    """
    turned = rotated(structure, Rotation.random(random_state=rng).as_matrix())
    resolution = float(rng.choice(NOMINAL))
    if rng.random() < 0.2:
        resolution = log_uniform(rng, NOMINAL[0], NOMINAL[-1])
    voxel_size, edge = 1.0, 64
    if rng.random() < 0.5 and voxel_sizes:
        voxel_size = float(np.clip(resolution / log_uniform(rng, 2.05, 7.0), 0.5, 4.0))
        edge = int((turned.extent.max() + 2 * rng.uniform(2, 25)) / voxel_size)
        edge = int(np.clip(edge, 40 / voxel_size + 16, MAX_BOX))
    shape = (edge,) * 3
    values = simulate_pdb2mrc(turned, resolution, voxel_size, shape)
    molecule = values > 0.1 * np.percentile(values, 99.5)
    return Example(
        density=Density(values, (voxel_size,) * 3),
        truth=np.full(shape, resolution, dtype=np.float32),
        mask=molecule,
        known=molecule,
        resolution=resolution,
        structure_id=structure.id,
        treatment=Treatment(kind="calculated"),
    )


def _centered_on_crop(structure: Structure, recipe: Recipe, rng: np.random.Generator) -> Structure:
    """Move a molecule that is larger than the box so that one of its atoms is the box's center."""
    box = recipe.voxel_size * recipe.shape[0]
    if structure.extent.max() < box:
        return structure
    xyz = structure.xyz - structure.xyz[rng.integers(len(structure.xyz))]
    return replace(structure, xyz=xyz)
