"""A map in memory: values, voxel size, origin, and the checks that every analysis runs first."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from .errors import GridMismatchError, MapContentError
from .headers.sections import like_images

MIN_BOX = 16
# Deposited single-particle maps lie between 0.2 and 12 Å; tomograms reach about 30 Å.
VOXEL_SIZE_RANGE = (0.1, 50.0)
# Calibration rounding gives axes that differ by parts in a thousand; crystal sections by 10%.
MAX_ANISOTROPY = 0.02
MAX_ANGLE_ERROR = 0.1
# One map or a pair of half maps, scaled together.
Together = TypeVar("Together", bound=tuple["Density", ...])
# Range for the largest absolute value of a map: its fourth power must fit in float32.
SAFE = (1e-6, 1e6)
# Smallest step of a resolution sweep (Å) and the largest number of steps.
FINEST_STEP, MOST_TRIED = 0.01, 100_000


@dataclass(frozen=True, eq=False)
class Density:
    """A density map on an orthogonal grid.

    Attributes
    ----------
    values : float32 array, shape (z, y, x)
    voxel_size : Å along x, y, z, as in an MRC header and in ChimeraX
    origin : Å, coordinates of voxel [0, 0, 0] along x, y, z
    name : used in messages and reports
    cell_angles : degrees (alpha, beta, gamma)
    header : MRC header of the source file, reused when results are written
    notes : how its file was understood where the header leaves a doubt, one sentence each
    """

    values: NDArray[np.float32]
    voxel_size: tuple[float, float, float]
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    name: str = "map"
    cell_angles: tuple[float, float, float] = (90.0, 90.0, 90.0)
    header: np.recarray | None = field(default=None, repr=False)
    notes: tuple[str, ...] = ()

    @property
    def spacing(self) -> float:
        """Voxel size in Å, averaged over the axes (`checked` makes sure that they agree)."""
        return float(np.mean(self.voxel_size))

    @property
    def nyquist(self) -> float:
        """Nyquist limit of the grid: 2 voxels, in Å."""
        return 2.0 * max(self.voxel_size)

    def with_values(self, values: NDArray, name: str | None = None) -> Density:
        """Return other values, shape (z, y, x), on the same grid."""
        return replace(self, values=values, name=name or self.name)


def notes_of(*given: Any) -> tuple[str, ...]:
    """Return the notes of maps, masks and results, one sentence each; None has none."""
    return tuple(note for each in given if each is not None for note in each.notes)


def checked(density: Density) -> Density:
    """Return the density if it can be analyzed.

    Raises
    ------
    MapContentError
        If it is not 3-D, smaller than 16 voxels on an edge, complex, not finite, constant, a stack
        of images, not on an orthogonal grid, or has a missing, absurd or anisotropic voxel size.
    """
    _check_values(density)
    return checked_grid(density)


def _check_values(density: Density) -> None:
    values, name = density.values, density.name
    if values.ndim != 3:
        raise MapContentError(f"{name} has {values.ndim} dimensions; give one 3-D map.")
    if np.iscomplexobj(values):
        raise MapContentError(f"{name} holds complex values; give the real-space map.")
    if min(values.shape) < MIN_BOX:
        box = " x ".join(str(n) for n in reversed(values.shape))
        raise MapContentError(
            f"{name} is {box} voxels; at least {MIN_BOX} are needed along every axis."
        )
    low, high = float(values.min()), float(values.max())
    if not np.isfinite(low) or not np.isfinite(high):
        bad = int(np.count_nonzero(~np.isfinite(values)))
        raise MapContentError(f"{name} holds {bad} NaN or infinite values; replace them first.")
    if low == high:
        raise MapContentError(f"{name} is constant ({low:g} everywhere); it shows no structure.")
    if like_images(values):
        raise MapContentError(
            f"{name} looks like a stack of {len(values)} images: its sections are as alike, or "
            "unlike, however far apart they are; give a single 3-D map."
        )


def safely_scaled(densities: Together) -> Together:
    """Rescale maps by one common factor if powers of their values might overflow float32.

    Results do not depend on the scale. Sharpening with a large B factor reaches 1e30, but float32
    overflows when values beyond 1e19 are squared.
    """
    largest = max(float(max(d.values.max(), -d.values.min())) for d in densities)
    if SAFE[0] <= largest <= SAFE[1]:
        return densities
    scaled = (d.with_values((d.values / largest).astype(np.float32)) for d in densities)
    return cast(Together, tuple(scaled))


def checked_grid(density: Density) -> Density:
    """Return the density if its grid is orthogonal, with cubic voxels of known size.

    Raises
    ------
    MapContentError
        If it is not.
    """
    name, sizes = density.name, density.voxel_size
    text = " x ".join(f"{size:.4g}" for size in sizes)
    smallest, largest = VOXEL_SIZE_RANGE
    if not all(np.isfinite(size) and smallest <= size <= largest for size in sizes):
        raise MapContentError(
            f"{name} has a voxel size of {text} Å; set voxel_size to the correct one "
            f"(between {smallest:g} and {largest:g} Å)."
        )
    # Written so that NaN fails.
    if not all(abs(angle - 90.0) <= MAX_ANGLE_ERROR for angle in density.cell_angles):
        angles = ", ".join(f"{angle:g}" for angle in density.cell_angles)
        raise MapContentError(
            f"{name} has a non-orthogonal cell (angles {angles}); "
            "resample it onto an orthogonal grid."
        )
    if max(sizes) > (1 + MAX_ANISOTROPY) * min(sizes):
        raise MapContentError(
            f"{name} has a voxel size of {text} Å, not the same along every axis; if its header "
            "is wrong, set voxel_size to the correct one, else resample it to cubic voxels."
        )
    return density


def require_same_grid(density: Density, other: Density, role: str) -> None:
    """Raise `GridMismatchError` unless ``other`` (a mask, a half map) has the density's grid.

    Origins may differ by half a voxel, and are ignored if either map has none: many programs write
    masks and half maps without one.
    """
    if density.values.shape != other.values.shape:
        theirs, ours = (
            " x ".join(str(n) for n in reversed(d.values.shape)) for d in (other, density)
        )
        raise GridMismatchError(
            f"the {role} {other.name} is {theirs} voxels and {density.name} is {ours}; "
            "give one on the same grid."
        )
    if not np.allclose(density.voxel_size, other.voxel_size, rtol=0.01):
        raise GridMismatchError(
            f"the {role} {other.name} has a voxel size of {other.spacing:.4g} Å and {density.name} "
            f"of {density.spacing:.4g} Å; give one on the same grid."
        )
    shift = np.abs(np.subtract(density.origin, other.origin))
    if any(density.origin) and any(other.origin) and np.any(shift > 0.5 * density.spacing):
        raise GridMismatchError(
            f"the {role} {other.name} is shifted by {shift.max():.4g} Å from {density.name}; "
            "give one on the same grid."
        )


def require_shape(shape: tuple[int, ...], other: tuple[int, ...], what: str) -> None:
    """Raise `GridMismatchError` unless two arrays have the same shape; ``what`` names them."""
    if shape != other:
        raise GridMismatchError(f"{what} have shapes {shape} and {other}; they must agree.")


def require_sweep(max_res: float, step: float, voxel_size: float) -> None:
    """Raise `MapContentError` unless a sweep from 2 voxels to ``max_res`` is valid; all in Å."""
    if not (step >= FINEST_STEP and np.isfinite(max_res)):
        raise MapContentError(
            f"step is {step:g} Å and max_res {max_res:g} Å; give a step of {FINEST_STEP:g} Å or "
            "more, and a finite max_res."
        )
    if max_res > MOST_TRIED * step:
        raise MapContentError(
            f"max_res is {max_res:g} Å, over {MOST_TRIED:,} steps of {step:g} Å; lower it."
        )
    if not max_res > 2 * voxel_size:
        raise MapContentError(
            f"max_res is {max_res:g} Å, not above 2 voxels ({2 * voxel_size:.4g} Å); raise it."
        )
