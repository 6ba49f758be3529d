"""What is drawn for one simulated reconstruction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.simulate.atoms import Shape


@dataclass(frozen=True)
class Recipe:
    """How one reconstruction is simulated. Lengths in Å, B factors in Å².

    Attributes
    ----------
    resolution : half-map FSC 0.143 inside the mask that a laboratory would use
    voxel_size : at most half the resolution
    shape : box, (z, y, x) voxels
    b_scale : overall B factor in units of resolution²
    spread : standard deviation of ln r(x) before the field is bounded at two of them
    patch_length : over which the field varies
    noise_slope : amplitude of the noise falls as (1 + (s · 10 Å)²)^(-slope / 4)
    solvent : bulk-solvent contrast (0 none, 1 the molecule's own mean)
    solvent_b : smoothness of the solvent, Å²
    mask_distance, mask_edge : how far outside the molecule that mask begins to fall, and over which
        edge
    regional : the structure's own B factors, from region to region, are part of the truth; else
        they only blur its atoms
    stained : the molecule is seen as a hole in negative stain: its envelope, not its atoms
    """

    resolution: float
    voxel_size: float
    shape: Shape
    b_scale: float = 10.0
    spread: float = 0.0
    patch_length: float = 30.0
    noise_slope: float = 0.0
    solvent: float = 0.6
    solvent_b: float = 200.0
    mask_distance: float = 4.0
    mask_edge: float = 5.0
    regional: bool = False
    stained: bool = False


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a number whose logarithm is uniform."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
