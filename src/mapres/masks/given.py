"""A mask that a user gives for a map: what is inside of it, and what speaks against it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..density import Density, require_same_grid
from ..errors import MapContentError
from ..half_maps import same_map
from .fit import Molecule, find_inverted, find_molecule, misfit
from .levels import REMEDY, Levels, levels_of, require_values

# Fraction of the box: what covers more leaves no solvent to tell the molecule from.
EVERYTHING = 0.98
# Å that stand in a header where nobody knew the voxel size.
UNKNOWN_SIZES = (0.0, 1.0)


@dataclass(frozen=True, eq=False)
class GivenMask:
    """A mask on the grid of its map.

    Attributes
    ----------
    name : of the mask
    values : array, shape (z, y, x), as it was given
    levels : its two levels
    molecule : bool array, shape (z, y, x), what was found in the map without it; None if nothing
    notes : how it was understood, one sentence each
    warnings : what speaks against it, one sentence each
    """

    name: str
    values: NDArray
    levels: Levels
    molecule: NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Where it is above the middle of its two levels, shape (z, y, x)."""
        return self.values > self.levels.threshold

    @property
    def place(self) -> NDArray[np.bool_]:
        """Where half maps are compared, shape (z, y, x): the molecule, if one was found.

        Noise has no sign and no place, and a wrong mask holds nothing else.
        """
        return self.inside if self.molecule is None else self.molecule

    @property
    def weights(self) -> NDArray[np.float32]:
        """From 0 outside to 1 inside, with its soft edge, shape (z, y, x)."""
        low, high = self.levels.outside, self.levels.inside
        return np.clip((self.values - np.float32(low)) / np.float32(high - low), 0, 1)


def given_mask(mask: Density, density: Density) -> GivenMask:
    """Read a mask for a map, and compare the two.

    The levels of a mask may be any two numbers, its edge may be soft; inside is what is above the
    middle. Molecules are found as in `mapres.mask.solvent_mask`.

    Parameters
    ----------
    mask : the mask; if its voxel size is 0 or 1 Å, it is taken voxel by voxel
    density : the map, or a half map, its rim leveled

    Raises
    ------
    GridMismatchError
        If the mask is on another grid.
    MapContentError
        If it is no mask (see `mapres.masks.levels.levels_of`), is the map itself, covers the whole
        box, is inverted, or covers nothing but solvent.
    """
    notes = mask.notes + _grid_notes(mask, density)
    require_values(mask)
    if same_map(mask.values, density.values):
        raise MapContentError(f"the mask {mask.name} is the map itself; {REMEDY}.")
    levels = levels_of(mask)
    if not levels.usual:
        notes += (
            f"The mask {mask.name} ranges from {levels.lowest:.4g} to {levels.highest:.4g}; "
            f"voxels above {levels.threshold:.4g} are inside.",
        )
    found = GivenMask(mask.name, mask.values, levels, notes=notes)
    inside = found.inside
    if inside.mean() > EVERYTHING:
        raise MapContentError(
            f"the mask {mask.name} fills the box ({inside.mean():.1%} of it is inside); give one "
            "that leaves the solvent out."
        )
    molecule, warnings = _compared(mask.name, inside, density)
    return replace(found, molecule=molecule.inside if molecule else None, warnings=warnings)


def _compared(
    name: str, inside: NDArray[np.bool_], density: Density
) -> tuple[Molecule | None, tuple[str, ...]]:
    """Return the molecule of a map, and what it says against a mask."""
    molecule = find_molecule(density)
    try:
        if molecule is not None and not (warnings := misfit(name, inside, molecule)):
            return molecule, warnings
    except MapContentError:
        # Of inverted maps solvent is found, and it is the mask that is right.
        if (inverted := find_inverted(density)) is None:
            raise
        molecule = inverted
    else:
        molecule = find_inverted(density) or molecule
    return molecule, () if molecule is None else misfit(name, inside, molecule)


def _grid_notes(mask: Density, density: Density) -> tuple[str, ...]:
    """Return what to say of the mask's grid; raise `GridMismatchError` if it is another one."""
    unknown = all(size in UNKNOWN_SIZES for size in mask.voxel_size)
    if not unknown or np.allclose(mask.voxel_size, density.voxel_size, rtol=0.01):
        require_same_grid(density, mask, "mask")
        return ()
    require_same_grid(
        density, replace(mask, voxel_size=density.voxel_size, origin=(0,) * 3), "mask"
    )
    return (
        f"The header of the mask {mask.name} has a voxel size of {mask.spacing:g} Å; it has the "
        f"box of {density.name} and was taken voxel by voxel.",
    )
