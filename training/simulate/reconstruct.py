"""Realistic half maps whose local resolution is known, and what users make of them.

The resolution is where the half-map signal-to-noise ratio falls to 1/6 (FSC 0.143) inside the mask
that a laboratory would use: the molecule and some Å around it, over a soft edge. Noise is
stationary; what varies is the local B factor: for a wanted r(x) it solves
P(1/r) exp(-B / 2r²) = N(1/r) / 6, with P the molecule's rotationally averaged power and N the noise
power inside such a mask. A bank of B-filtered copies is blended by the field. How far the sum is
resolved at every place is measured in the end, see `local_truth`.

P is that of the molecule without a mask. A mask multiplied with it would only add what its edge
scatters from strong coarse shells into fine ones, for which a laboratory corrects its FSC.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mapres.fourier import Shells, forward, inverse, squared_frequency
from training.data.structures import Structure
from training.simulate.atoms import Shape, grid_center, scattering_transform
from training.simulate.bank import (
    CROSSING_SNR,
    MAX_SPREADS,
    at_resolution,
    crossing,
    filtered_bank,
)
from training.simulate.local_truth import local_truth
from training.simulate.masks import (
    distance_outside,
    gaussian_smoothed,
    molecule_envelope,
    soft_mask,
)
from training.simulate.recipe import Recipe

# Å: over this the B factors of a structure make regions.
REGION = 6.0
# Of the resolution: the finest and the coarsest that regions with B factors of their own may have.
REACH = (0.5, 3.0)
# Å: local resolution is that of the molecule and what is so near to it.
NEAR = 3.0


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """Two half maps and their truth.

    Attributes
    ----------
    half1, half2 : float32 arrays, shape (z, y, x)
    truth : float32 array, shape (z, y, x), local resolution in Å
    distance : float32 array, shape (z, y, x), how far outside the molecule, Å; negative inside
    recipe : how they were made
    fsc : float array, the expected half-map FSC inside the mask of the recipe per shell
    """

    half1: NDArray[np.float32]
    half2: NDArray[np.float32]
    truth: NDArray[np.float32]
    distance: NDArray[np.float32]
    recipe: Recipe
    fsc: NDArray[np.float64]

    @property
    def resolution(self) -> float:
        """Where the expected half-map FSC inside that mask first falls below 1/7, Å."""
        frequency = Shells(self.recipe.shape, self.recipe.voxel_size).frequency
        return crossing(frequency, self.fsc, 1 / 7, 2 * self.recipe.voxel_size)

    @property
    def average(self) -> NDArray[np.float32]:
        """The unfiltered full map, shape (z, y, x)."""
        return 0.5 * (self.half1 + self.half2)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The molecule, shape (z, y, x)."""
        return self.distance < 0

    @property
    def soft_mask(self) -> NDArray[np.float32]:
        """The mask inside which the resolution is defined, shape (z, y, x), 0 to 1."""
        return soft_mask(self.distance, self.recipe.mask_distance, self.recipe.mask_edge)


def reconstruct(structure: Structure, recipe: Recipe, rng: np.random.Generator) -> Reconstruction:
    """Simulate the half maps of a molecule whose box is centered on the origin.

    Raises
    ------
    ValueError
        If the resolution is beyond the Nyquist limit.
    """
    if recipe.resolution < 2 * recipe.voxel_size:
        raise ValueError(
            f"{recipe.resolution:g} Å is beyond the Nyquist limit of {2 * recipe.voxel_size:g} Å."
        )
    shells = Shells(recipe.shape, recipe.voxel_size)
    s2 = squared_frequency(recipe.shape, recipe.voxel_size)
    atoms, regional = _atoms_in_box(structure, recipe, rng)
    envelope = molecule_envelope(inverse(atoms, recipe.shape), recipe.voxel_size)
    distance = distance_outside(envelope > 0.5, recipe.voxel_size)
    if recipe.stained:
        molecule = forward(envelope)
    else:
        # Flat bulk solvent by Babinet's principle: F (1 - k exp(-B s² / 4)).
        molecule = atoms * (1 - recipe.solvent * np.exp(-0.25 * recipe.solvent_b * s2))
    field = _field(envelope, recipe, rng)
    bank = filtered_bank(molecule, recipe, shells)
    noise = noise_gain(shells.frequency**2, recipe) ** 2
    soft = soft_mask(distance, recipe.mask_distance, recipe.mask_edge)
    # White noise of variance 1 has so much power inside a mask, in every coefficient.
    in_mask = noise * float(np.sum(np.square(soft, dtype=np.float64)))
    if recipe.regional:
        wanted = _wanted(field, regional, envelope, recipe)
        nominal = bank.solved(wanted, in_mask, shells, recipe)
    else:
        nominal = recipe.resolution * np.exp(field)
    signal = bank.blended(nominal)

    power = shells.power(signal)
    scale2 = at_resolution(power / in_mask, shells, recipe.resolution) / CROSSING_SNR
    gain = np.sqrt(np.float32(scale2)) * noise_gain(s2, recipe)
    half1, half2 = (signal + _colored_noise(gain, recipe.shape, rng) for _ in range(2))
    truth = local_truth(
        signal, scale2 * noise * signal.size, distance < NEAR, recipe.voxel_size, recipe.resolution
    )
    fsc = power / (power + scale2 * in_mask)
    return Reconstruction(half1, half2, truth, distance, recipe, fsc)


def noise_gain(s2: NDArray, recipe: Recipe) -> NDArray:
    """Return the amplitude of the noise at |s|² (1/Å²), 1 at the origin."""
    return (1 + 100.0 * s2) ** (-recipe.noise_slope / 4)


def _atoms_in_box(
    structure: Structure, recipe: Recipe, rng: np.random.Generator
) -> tuple[NDArray[np.complex64], NDArray[np.float32]]:
    """Return the transform of the atoms inside the box, and the B factor of every region.

    A box smaller than the molecule is a crop of it. Of the B factors only differences count: those
    of an atom from its region are in the transform, those between regions in the second array.
    """
    half = 0.5 * recipe.voxel_size * np.array(recipe.shape[::-1])
    kept = np.all(np.abs(structure.xyz) < half, axis=1)
    inside = replace(
        structure,
        xyz=structure.xyz[kept],
        atomic_number=structure.atomic_number[kept],
        b_factor=structure.b_factor[kept],
    )
    b_factor = inside.b_factor if inside.b_factor.any() else _invented_b_factors(inside, rng)
    b_factor = np.clip(b_factor - np.percentile(b_factor, 5), 0, 200)
    if not recipe.regional:
        atoms = scattering_transform(inside, b_factor, recipe.voxel_size, recipe.shape)
        return atoms, np.zeros(recipe.shape, dtype=np.float32)
    regional, at_atoms = _regions(inside.xyz, b_factor, recipe)
    own = b_factor - at_atoms
    own -= np.percentile(own, 5)
    atoms = scattering_transform(inside, np.clip(own, 0, None), recipe.voxel_size, recipe.shape)
    return atoms, regional


def _regions(
    xyz: NDArray, b_factor: NDArray, recipe: Recipe
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return the mean B factor about every voxel, and about every atom."""
    place = (xyz / recipe.voxel_size + grid_center(recipe.shape))[:, ::-1]
    edges = [np.arange(n + 1) - 0.5 for n in recipe.shape]
    weight, total = (
        gaussian_smoothed(
            np.histogramdd(place, edges, weights=w)[0].astype(np.float32),
            REGION / recipe.voxel_size,
        )
        for w in (None, b_factor)
    )
    about = np.where(weight > 1e-6 * weight.max(), total / np.maximum(weight, 1e-12), 0)
    return about, ndimage.map_coordinates(about, place.T, order=1, mode="nearest")


def _wanted(
    field: NDArray, regional: NDArray, envelope: NDArray, recipe: Recipe
) -> NDArray[np.float32]:
    """Return the resolution wanted at every voxel, Å, by field and B factors of the structure."""
    overall = recipe.b_scale * recipe.resolution**2
    mean = float(np.sum(envelope * regional) / envelope.sum())
    b_factor = overall * np.exp(2 * field) + regional - mean
    wanted = np.sqrt(np.maximum(b_factor, 0) / recipe.b_scale)
    return np.clip(wanted, *np.multiply(REACH, recipe.resolution)).astype(np.float32)


def _invented_b_factors(structure: Structure, rng: np.random.Generator) -> NDArray:
    """Return B factors that grow with distance from the center and wave along it (30 Å period)."""
    distance = np.linalg.norm(structure.xyz - structure.xyz.mean(axis=0), axis=1)
    direction = rng.standard_normal(3)
    wave = np.sin(structure.xyz @ direction / np.linalg.norm(direction) * (2 * np.pi / 30))
    return 60 * (distance / max(distance.max(), 1e-6)) ** 2 + 15 * wave


def _colored_noise(gain: NDArray, shape: Shape, rng: np.random.Generator) -> NDArray[np.float32]:
    return inverse(forward(rng.standard_normal(shape, dtype=np.float32)) * gain, shape)


def _field(envelope: NDArray, recipe: Recipe, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return ln r(x) / resolution: smooth, worse toward the periphery, within ± 2 spreads."""
    if recipe.spread == 0:
        return np.zeros(recipe.shape, dtype=np.float32)
    sigma = 0.35 * recipe.patch_length / recipe.voxel_size
    noise = rng.standard_normal(recipe.shape, dtype=np.float32)
    smooth = gaussian_smoothed(noise, sigma)
    inside = envelope > 0.5
    grid = np.indices(recipe.shape, dtype=np.float32)
    center = [axis[inside].mean() for axis in grid]
    radius = np.sqrt(sum((axis - c) ** 2 for axis, c in zip(grid, center, strict=True)))
    parts = [(part - part[inside].mean()) / part[inside].std() for part in (smooth, radius)]
    field = parts[0] + rng.uniform(0, 1) * parts[1]
    field = (field - field[inside].mean()) / field[inside].std()
    return (recipe.spread * np.clip(field, -MAX_SPREADS, MAX_SPREADS)).astype(np.float32)
