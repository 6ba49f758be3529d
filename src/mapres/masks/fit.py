"""Whether a given mask covers the molecule that is found in its map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays.edges import faces
from ..arrays.nearby import near
from ..checks.density import inverted_contrast
from ..checks.measurements import measure_map
from ..density import Density
from ..errors import MapContentError
from ..fourier import forward, inverse
from ..mask import above_noise, molecule_in

# Fraction of the molecule's density: a mask that holds less may be of one domain, or elsewhere.
LITTLE = 0.5
# Fraction of the mask in the solvent, and of the molecule's density: with less of that or more of
# this, it is a wide mask, or of a part.
STRAY, MOST = 0.25, 0.85
# Shared voxels over those of either, for a mask that was moved to fit, and how much less before.
GOOD_FIT, BETTER_FIT = 0.6, 0.2
# Fraction of the mask where smoothed density must stand out from noise, for it to be of something.
SOMETHING = 0.1
# Fraction of the faces of the box that are inside: molecules that leave it on all sides have less.
FACES = 0.5
# Å and voxels: how deep a voxel of a thin mask is not. Deeper lie 70% of automatic masks, 30% of
# those that end at half of the density smoothed to 5 Å, and 0 to 13% of the top 2.5% of the voxels
# of maps of 2 to 5 Å (41 reconstructions of the validation split).
DEPTH, DEPTH_VOXELS, LEAST_DEEP = 2.0, 1.5, 0.2


@dataclass(frozen=True, eq=False)
class Molecule:
    """What is found in a map without a mask.

    Attributes
    ----------
    density : the map, with its contrast turned round if that is inverted
    inside : bool array, shape (z, y, x)
    """

    density: Density
    inside: NDArray[np.bool_]


def find_molecule(density: Density) -> Molecule | None:
    """Return the molecule that is found in a map, or None."""
    try:
        return Molecule(density, molecule_in(density))
    except MapContentError:
        return None


def find_inverted(density: Density) -> Molecule | None:
    """Return the molecule that is found in a map of inverted contrast, or None."""
    everywhere = np.ones(density.values.shape, dtype=bool)
    if not inverted_contrast(density, measure_map(density, everywhere)):
        return None
    return find_molecule(density.with_values(-density.values))


def misfit(name: str, inside: NDArray[np.bool_], molecule: Molecule) -> tuple[str, ...]:
    """Return what speaks against a mask, one sentence each.

    Parameters
    ----------
    name : of the mask
    inside : bool array, shape (z, y, x), the mask
    molecule : that is found without it

    Raises
    ------
    MapContentError
        If the mask is inverted, or holds nothing but solvent.
    """
    found = molecule.inside
    held = _held(inside, molecule)
    on_it = np.count_nonzero(inside & found) / np.count_nonzero(inside)
    if held < LITTLE and _faces(inside) > FACES:
        raise MapContentError(
            f"the mask {name} is inverted: it covers the solvent and leaves the molecule out; give "
            "one that is larger inside the molecule than outside."
        )
    warnings = []
    if on_it < 1 - STRAY and held < MOST:
        shift = _moved(inside, found)
        remedy = "check that it belongs to this map and lies where that is"
        if shift:
            remedy = "moved by {}, {}, {} voxels along x, y, z it fits".format(*shift)
        if held < LITTLE and np.mean(above_noise(molecule.density)[inside]) < SOMETHING:
            raise MapContentError(
                f"the mask {name} covers solvent: {on_it:.0%} of it is on the molecule; {remedy}."
            )
        if shift or (held < LITTLE and on_it < LITTLE):
            warnings.append(
                f"The mask {name} covers mostly solvent: {on_it:.0%} of it is on the molecule, of "
                f"which it holds {held:.0%}; {remedy}."
            )
    if _is_thin(inside, molecule.density.spacing):
        warnings.append(
            f"The mask {name} is too tight: hardly any of it is {DEPTH:g} Å from its edge, so that "
            "it cuts through the molecule; extend it by a few Å, with a soft edge."
        )
    return tuple(warnings)


def _held(inside: NDArray[np.bool_], molecule: Molecule) -> float:
    """Return the fraction of the molecule's density above the solvent that is in a mask."""
    found, values = molecule.inside, molecule.density.values
    solvent = float(np.median(values[~found])) if not found.all() else float(values.min())
    total = float(np.sum(values[found] - solvent, dtype=np.float64))
    return float(np.sum(values[found & inside] - solvent, dtype=np.float64)) / max(total, 1e-30)


def _faces(inside: NDArray[np.bool_]) -> float:
    """Return which fraction of the faces of the box is inside."""
    return float(faces(inside).mean())


def _moved(inside: NDArray[np.bool_], found: NDArray[np.bool_]) -> tuple[int, ...] | None:
    """Return by how many voxels along x, y, z a mask must move to fit; None if it fits no better.

    The cross-correlation of two masks counts the voxels that they share at each shift.
    """
    shared = inverse(np.conj(forward(inside)) * forward(found), found.shape)
    total = np.count_nonzero(inside) + np.count_nonzero(found)
    at = np.unravel_index(int(np.argmax(shared)), found.shape)
    best, now = (float(n / (total - n)) for n in (shared[at], shared[0, 0, 0]))
    if best < GOOD_FIT or best < now + BETTER_FIT:
        return None
    z, y, x = (int(k) - n * int(k > n // 2) for k, n in zip(at, found.shape, strict=True))
    return x, y, z


def _is_thin(inside: NDArray[np.bool_], spacing: float) -> bool:
    """Return whether hardly a voxel of a mask is far from its outside."""
    outside = near(~inside, max(DEPTH / spacing, DEPTH_VOXELS))
    return np.count_nonzero(inside & ~outside) < LEAST_DEEP * np.count_nonzero(inside)
