"""A flexible molecule: its conformations, each as a map of its electrostatic potential."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from mapres.fourier import inverse, squared_frequency
from training.data.structures import Structure
from training.particles.experiment import Experiment
from training.simulate.atoms import scattering_transform

# Bulk solvent: contrast, and its smoothness in Å².
SOLVENT, SOLVENT_B = 0.75, 200.0
# Å over which a moving part bends, and the fraction of the atoms that stay.
BEND, STAYING = 4.0, 60
# Of a belt of detergent: thickness in Å, height, and potential relative to the protein's.
BELT_THICKNESS, BELT_HEIGHT, BELT_CONTRAST = 18.0, 30.0, 0.25


def conformations(experiment: Experiment, rng: np.random.Generator) -> Iterator[NDArray]:
    """Yield maps of the molecule as it swings, float32 (z, y, x)."""
    e = experiment
    structure = replace(e.structure, b_factor=_b_factors(e, rng))
    xyz = structure.xyz.astype(float)
    direction = rng.standard_normal(3)
    direction /= np.linalg.norm(direction)
    along = xyz @ direction
    pivot = np.percentile(along, STAYING)
    moving = np.clip((along - pivot) / BEND, 0, 1)
    axis = np.cross(direction, rng.standard_normal(3))
    axis /= np.linalg.norm(axis)
    count = 9 if e.varied else 5 if e.hinge else 1
    loose = (60 * moving if e.varied else 0 * moving) + structure.b_factor
    for k in range(count):
        angle = np.radians(e.hinge * (2 * k / max(count - 1, 1) - 1))
        swung = Rotation.from_rotvec(angle * axis).apply(xyz - pivot * direction)
        swung += pivot * direction
        place = xyz + moving[:, None] * (swung - xyz)
        present = (moving < 0.5) | (rng.random() >= e.lost)
        conformation = replace(
            structure,
            xyz=place[present].astype(np.float32),
            atomic_number=structure.atomic_number[present],
            b_factor=loose[present].astype(np.float32),
        )
        yield _potential(conformation, e, rng)


def _b_factors(e: Experiment, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return B factors that rise outward and wave along the molecule, the more the coarser."""
    xyz = e.structure.xyz
    distance = np.linalg.norm(xyz, axis=1)
    shape = 50 * (distance / np.percentile(distance, 98)) ** 2 + rng.normal(0, 8, len(xyz))
    shape += 20 * np.sin(xyz[:, 0] / 9 + rng.uniform(0, 6))
    differences = (shape - shape.min()) * rng.uniform(0.6, 2) * (max(e.resolution, 3.5) / 3.5) ** 2
    return (differences + rng.uniform(4, 11) * e.resolution**2).astype(np.float32)


def _potential(
    structure: Structure, e: Experiment, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return the map of all copies in solvent, with the belt if there is one."""
    shape = (e.box,) * 3
    whole = _copies(structure, e)
    atoms = scattering_transform(whole, whole.b_factor, e.voxel_size, shape, levels=5)
    s2 = squared_frequency(shape, e.voxel_size)
    density = inverse(atoms * (1 - SOLVENT * np.exp(-0.25 * SOLVENT_B * s2)), shape)
    if e.belt:
        density += _belt(inverse(atoms, shape), e, rng)
    return density


def _copies(structure: Structure, e: Experiment) -> Structure:
    """Set copies about the z axis, side by side."""
    if e.copies == 1:
        return structure
    width = 2 * np.percentile(np.linalg.norm(e.structure.xyz, axis=1), 90)
    away = np.array([0.5 * width / np.sin(np.pi / e.copies), 0, 0])
    turns = [Rotation.from_euler("z", 360 * k / e.copies, degrees=True) for k in range(e.copies)]
    return replace(
        structure,
        xyz=np.concatenate([turn.apply(structure.xyz + away) for turn in turns]).astype(np.float32),
        atomic_number=np.tile(structure.atomic_number, e.copies),
        b_factor=np.tile(structure.b_factor, e.copies),
    )


def _belt(atoms: NDArray, e: Experiment, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return a belt without inner order, of another thickness in every conformation."""
    smooth = ndimage.gaussian_filter(atoms, 4 / e.voxel_size)
    protein = smooth > 0.15 * np.percentile(smooth, 99.5)
    thickness = BELT_THICKNESS * rng.uniform(0.7, 1.2)
    near = ndimage.distance_transform_edt(~protein, sampling=e.voxel_size) < thickness
    height = np.abs(np.arange(e.box) - e.box // 2) * e.voxel_size < 0.5 * BELT_HEIGHT
    belt = (near & ~protein & height[:, None, None]).astype(np.float32)
    level = BELT_CONTRAST * float(smooth[protein].mean())
    return level * ndimage.gaussian_filter(belt, 3 / e.voxel_size)
