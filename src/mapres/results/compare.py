"""Comparison of a local resolution with that of any other method or program."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..arrays.interpolate import nearest_known
from ..density import Density, checked_grid
from ..errors import GridMismatchError, MapContentError
from ..local.resolution import LocalResolution
from ..progress import Progress, silent, with_heartbeat
from .align import AGREES, Pair, best_placement, mirrored
from .resample import UNRESOLVED, with_data_only

# Of a normal distribution: standard deviation over median absolute deviation.
NORMAL = 1.4826
# Fraction of our resolved voxels: less means another map, or one that is not aligned.
LEAST_SHARED = 0.05
# Fraction of our measured voxels: less means that only a part is compared.
MUCH_SHARED = 0.5
# Methods that measure the same have at least 0.3 on maps whose resolution varies by more than 5%.
LITTLE_CORRELATION, EVEN = 0.2, 0.03
_ON_THE_GRID = "has the map's box, but no valid grid in its header; it was taken voxel by voxel"


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


def checked_resolution(other: Density, density: Density | None = None) -> Density:
    """Return a map if it can be a local resolution.

    Parameters
    ----------
    other : the map
    density : what it is the local resolution of. Where ``other`` has the same box, and a voxel size
        that cannot be, it gets that of ``density``, and a note

    Raises
    ------
    MapContentError
        If it is complex, not on an orthogonal grid of known voxel size, or holds no resolutions:
        their median must be at least one voxel, unlike that of densities.
    """
    if np.iscomplexobj(other.values):
        raise MapContentError(f"{other.name} holds complex values; give a local resolution in Å.")
    try:
        checked_grid(other)
    except MapContentError:
        if density is None or other.values.shape != density.values.shape:
            raise
        note = f"{other.name} {_ON_THE_GRID}."
        other = replace(
            other,
            voxel_size=density.voxel_size,
            origin=density.origin,
            cell_angles=density.cell_angles,
            notes=(*other.notes, note),
        )
    values, _ = with_data_only(other.values)
    values = values[np.isfinite(values)]
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
    other : in Å; what is no data counts as unknown, see `mapres.results.resample.with_data_only`
    to_other : array, shape (3, 4), from our voxel indices (z, y, x, 1) to the other's, as headers
        have it; see `mapres.results.resample.grid_to_grid`. Where that cannot be, a note says what
        was taken, see `mapres.results.align.best_placement`
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
    theirs, repeated = with_data_only(checked_resolution(other).values)
    ours = result.resolved
    if not (ours > 0).any():
        raise MapContentError("nothing is resolved in the map, so there is nothing to compare.")
    pair, placed = best_placement(Pair(ours, theirs, to_other))
    compared = pair.both
    fraction = np.count_nonzero(compared) / np.count_nonzero(ours)
    if fraction < LEAST_SHARED:
        raise GridMismatchError(
            f"{other.name} has resolutions in only {fraction:.0%} of the resolved voxels "
            "(unresolved voxels do not count); give another local resolution of this map, "
            "aligned with it."
        )
    difference = result.values[compared].astype(np.float64) - pair.values[compared]
    median = float(np.median(difference))
    r = pair.correlation()
    return Agreement(
        other=other.name,
        difference=nearest_known(result.values - pair.values, compared).astype(np.float32),
        compared=compared,
        median=median,
        spread=NORMAL * float(np.median(np.abs(difference - median))),
        correlation=r,
        warnings=(
            *_few_warnings(pair, result, other.name),
            *_unlike_warnings(pair, other.name),
            *(f"{other.name}: {text}" for text in warnings),
        ),
        notes=(
            *other.notes,
            *(f"{other.name}: {value:.4g} Å outside was taken as no data." for value in repeated),
            *([f"{other.name} {placed}."] if placed else []),
        ),
    )


def _few_warnings(pair: Pair, result: LocalResolution, name: str) -> Iterator[str]:
    """Warn where much of what was measured is not known in both, and say why."""
    fraction = np.count_nonzero(pair.both) / np.count_nonzero(result.mask)
    if fraction >= MUCH_SHARED:
        return
    if _covered(pair) < MUCH_SHARED:
        cause = f"the box of {name} covers only a part of it (cropped, or with a wrong header)"
    elif np.count_nonzero(pair.ours) < MUCH_SHARED * np.count_nonzero(result.mask):
        cause = "the rest is unresolved here"
    else:
        cause = f"{name} has no data in the rest (a tighter mask, or unresolved there)"
    yield (
        f"Only {fraction:.1%} of the measured voxels are resolved in both: {cause}. The rest has "
        "the color of the nearest of them."
    )


def _covered(pair: Pair) -> float:
    """Return which fraction of our resolved voxels lies in the other's box."""
    places = np.argwhere(pair.ours > 0).T
    there = pair.to_theirs[:, :3] @ places + pair.to_theirs[:, 3:]
    last = np.array(pair.theirs.shape)[:, None] - 1
    return float(np.mean(np.all((there > -0.5) & (there < last + 0.5), axis=0)))


def _unlike_warnings(pair: Pair, name: str) -> Iterator[str]:
    """Warn where the two hardly correlate, and name the likely cause."""
    r = pair.correlation()
    if r is None or r >= AGREES:
        return
    both = pair.both
    spreads = [np.std(v[both]) / np.median(v[both]) for v in (pair.ours, pair.values)]
    if changed := mirrored(pair):
        cause = f"{changed}, {name} agrees with the map; it is of another hand or axis order"
    elif r >= LITTLE_CORRELATION:
        return
    elif min(spreads) < EVEN:
        cause = f"the resolution of one of them varies by only {min(spreads):.0%}, less than errors"
    elif r < -AGREES:
        cause = (
            f"where the map is finer {name} is coarser: it may be no resolution in Å, but a score"
        )
    else:
        cause = f"{name} may be of another map, or shifted, turned or of another voxel size"
    yield f"The two do not agree (r = {r:.2f}): {cause}. Check it before using the difference."
