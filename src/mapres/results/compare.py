"""Comparison of a local resolution with that of any other method or program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays.interpolate import nearest_known
from ..density import Density, checked_grid
from ..errors import GridMismatchError, MapContentError
from ..local.resolution import LocalResolution
from ..progress import Progress, silent, with_heartbeat
from .resample import UNRESOLVED, known_resolutions, sampled

# Of a normal distribution: standard deviation over median absolute deviation.
NORMAL = 1.4826
# Fraction of our resolved voxels: less means another map, or one that is not aligned.
LEAST_SHARED = 0.05
# Fraction of our measured voxels: less means that only a part is compared.
MUCH_SHARED = 0.5


@dataclass(frozen=True, eq=False)
class Agreement:
    """Agreement of a local resolution with another one of the same map.

    Attributes
    ----------
    other : name of the other
    difference : float32 array, shape (z, y, x), Å: ours minus the other; where not both are known,
        the nearest difference, so that surfaces are colored correctly
    compared : bool array, shape (z, y, x), where both are known
    median : of the difference, Å
    spread : of the difference around its median, Å: 1.48 times the median absolute deviation, the
        standard deviation of a normal distribution
    correlation : Pearson's, of the two; None where one of them is constant
    warnings : of the other, one sentence each
    notes : how it was placed on the map and what was left out, one sentence each
    """

    other: str
    difference: NDArray[np.float32]
    compared: NDArray[np.bool_]
    median: float
    spread: float
    correlation: float | None
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def checked_resolution(other: Density) -> Density:
    """Return a map if it can be a local resolution.

    Raises
    ------
    MapContentError
        If it is complex, not on an orthogonal grid of known voxel size, or holds no resolutions:
        their median must be at least one voxel, unlike that of densities.
    """
    if np.iscomplexobj(other.values):
        raise MapContentError(f"{other.name} holds complex values; give a local resolution in Å.")
    checked_grid(other)
    values = other.values[known_resolutions(other.values)]
    if values.size == 0 or np.median(values) < other.spacing:
        raise MapContentError(
            f"{other.name} holds no resolutions (numbers in Å above 0 and below {UNRESOLVED:g}); "
            "give a local resolution of the map."
        )
    return other


@with_heartbeat
def agreement(
    result: LocalResolution,
    other: Density,
    to_other: NDArray,
    *,
    warnings: tuple[str, ...] = (),
    progress: Progress = silent,
) -> Agreement:
    """Compare a local resolution with another, which may lie on another grid.

    Parameters
    ----------
    result : ours
    other : in Å; what is not above 0 and below 100 Å (background, nothing resolved) or not finite
        counts as unknown
    to_other : array, shape (3, 4), from our voxel indices (z, y, x, 1) to the other's; see
        `mapres.results.resample.grid_to_grid`
    warnings : of the other, to be passed on
    progress : called as ``progress(fraction, message)``

    Raises
    ------
    MapContentError
        If nothing is resolved in ours, or the other is no local resolution, see
        `checked_resolution`.
    GridMismatchError
        If the other is known in less than a twentieth of our resolved voxels.
    """
    progress(0.0, f"comparing with {other.name}")
    values = sampled(checked_resolution(other).values, to_other, result.mask.shape)
    ours_known = result.resolved > 0
    if not ours_known.any():
        raise MapContentError("nothing is resolved in the map, so there is nothing to compare.")
    compared = ours_known & np.isfinite(values)
    fraction = np.count_nonzero(compared) / np.count_nonzero(ours_known)
    if fraction < LEAST_SHARED:
        raise GridMismatchError(
            f"{other.name} has resolutions in only {fraction:.0%} of the resolved voxels "
            "(unresolved voxels do not count); give another local resolution of this map, "
            "aligned with it."
        )
    ours, theirs = result.values[compared].astype(np.float64), values[compared].astype(np.float64)
    difference = ours - theirs
    median = float(np.median(difference))
    return Agreement(
        other=other.name,
        difference=nearest_known(result.values - values, compared).astype(np.float32),
        compared=compared,
        median=median,
        spread=NORMAL * float(np.median(np.abs(difference - median))),
        correlation=_correlation(ours, theirs),
        warnings=(*_warnings(compared, result), *(f"{other.name}: {text}" for text in warnings)),
    )


def _warnings(compared: NDArray[np.bool_], result: LocalResolution) -> Iterator[str]:
    fraction = np.count_nonzero(compared) / np.count_nonzero(result.mask)
    if fraction < MUCH_SHARED:
        yield (
            f"Only {fraction:.1%} of the measured voxels are resolved in both; the rest has the "
            "color of the nearest of them."
        )


def _correlation(ours: NDArray, theirs: NDArray) -> float | None:
    if ours.std() == 0 or theirs.std() == 0:
        return None
    return float(np.corrcoef(ours, theirs)[0, 1])
