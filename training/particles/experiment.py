"""What one experiment is: molecule, its motion, microscope, and how well it is aligned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from training.data.structures import Structure, rotated
from training.simulate.recipe import log_uniform

# Atoms of a molecule: with more, projections take longer and show nothing else.
ATOMS = (1500, 12000)
VOXEL_SIZES = (1.05, 1.2, 1.4, 1.7)
COARSEST = 9.5
SMALLEST_BOX, LARGEST_BOX = 56, 128


@dataclass(frozen=True, eq=False)
class Experiment:
    """An experiment. Lengths in Å, angles in degrees.

    Attributes
    ----------
    structure : its molecule, of one copy
    copies : of it about the z axis (C1 to C4)
    voxel_size, box : of particles and map
    particles : how many
    resolution : wanted of the half-map FSC
    hinge : a part of the molecule swings so far to both sides
    lost : fraction of the conformations in which that part is missing
    belt : a belt of detergent around the middle
    angle_error, shift_error : standard deviations of what alignment misses
    preferred : fraction of particles that lie on one side
    noise_slope, noise_length : noise has the amplitude (1 + (s · length)^slope)^-½
    """

    structure: Structure
    copies: int
    voxel_size: float
    box: int
    particles: int
    resolution: float
    hinge: float
    lost: float
    belt: bool
    angle_error: float
    shift_error: float
    preferred: float
    noise_slope: float
    noise_length: float

    @property
    def varied(self) -> bool:
        """Whether a part of the molecule swings widely."""
        return self.hinge > 8

    def facts(self) -> dict[str, float | str | bool]:
        """Return everything but the atoms, by name."""
        kept = {k: v for k, v in vars(self).items() if k != "structure"}
        return {"structure": self.structure.id, "atoms": len(self.structure.xyz)} | kept


def draw_experiment(structure: Structure, rng: np.random.Generator) -> Experiment | None:
    """Draw an experiment with a molecule; None if that is too small or too large."""
    copies = int(rng.integers(2, 5)) if rng.random() < 0.15 else 1
    turned = rotated(structure, Rotation.random(random_state=rng).as_matrix())
    if not ATOMS[0] < copies * len(turned.xyz) < ATOMS[1]:
        return None
    varied = rng.random() < 0.5
    voxel_size = float(rng.choice(VOXEL_SIZES))
    # About the axis, copies stand beside each other.
    across = 2 * np.percentile(np.linalg.norm(turned.xyz, axis=1), 98)
    extent = across * (1 if copies == 1 else 1 + 0.9 / np.sin(np.pi / copies))
    box = 2 * round(1.45 * extent / voxel_size / 2)
    if box > LARGEST_BOX:
        return None
    finest = max(2.6, 2.2 * voxel_size)
    return Experiment(
        structure=turned,
        copies=copies,
        voxel_size=voxel_size,
        box=max(box, SMALLEST_BOX),
        particles=int(rng.integers(1250, 3001)) * 2,
        resolution=log_uniform(rng, finest, COARSEST),
        hinge=rng.uniform(8, 25) if varied else rng.uniform(0, 7) * (rng.random() < 0.7),
        lost=rng.uniform(0, 0.7) if varied else 0.0,
        belt=copies == 1 and rng.random() < 0.15,
        angle_error=rng.uniform(0.3, 3.0),
        shift_error=rng.uniform(0.1, 0.8),
        preferred=rng.uniform(0.3, 0.8) if rng.random() < 0.3 else 0.0,
        noise_slope=rng.uniform(0.0, 1.0),
        noise_length=rng.uniform(5, 15),
    )
