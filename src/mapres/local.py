"""Local resolution: one question, several methods, the answer on the map's own grid."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .density import Density, Progress, checked, require_same_grid, silent
from .errors import MapContentError, MapResError
from .halves import HalfMaps, half_map_doubts
from .mask import solvent_mask
from .monores import monores

METHODS = ("monores",)
# Shares of the mask: of the two reference maps 0.3 % is unmeasured and 0.6 % at the coarsest.
MUCH_UNMEASURED = 0.05
MANY_COARSEST = 0.1
# Where a map is limited by noise, single voxels reach the finest value, not a sixth of them.
MANY_FINEST = 0.15
# Smoothing moves the answer a little below the resolution that was tried.
AT_COARSEST = 0.9


@dataclass(frozen=True, eq=False)
class LocalResolution:
    """Resolution at every voxel of a map.

    Attributes
    ----------
    values : float32 array, shape (z, y, x), Å; outside the mask the nearest inside value, so that
        a surface sampled at its rim is coloured rightly
    mask : bool array, shape (z, y, x), the voxels that were measured
    method : name of the method
    warnings : one sentence each
    seconds : wall time
    """

    values: NDArray[np.float32]
    mask: NDArray[np.bool_]
    method: str
    warnings: tuple[str, ...]
    seconds: float

    @property
    def median(self) -> float:
        """Median over the mask, Å."""
        return float(np.median(self.values[self.mask]))

    @property
    def quartiles(self) -> tuple[float, float]:
        """First and third quartile over the mask, Å."""
        lower, upper = np.percentile(self.values[self.mask], [25, 75])
        return float(lower), float(upper)

    @property
    def mask_fraction(self) -> float:
        """Fraction of the box that was measured."""
        return float(self.mask.mean())


def local_resolution(
    density: Density,
    *,
    method: str = "monores",
    mask: Density | None = None,
    half_maps: HalfMaps | None = None,
    max_res: float = 20.0,
    step: float = 0.5,
    progress: Progress = silent,
) -> LocalResolution:
    """Measure the local resolution of a map.

    Parameters
    ----------
    density : the map
    method : ``monores`` (Vilas et al. 2018), see `mapres.monores`
    mask : inside where > 0.5; without one, `mapres.mask.solvent_mask` makes it from the map
    half_maps : measured in place of the map, if given: their mean against their difference
    max_res, step : Å, the coarsest resolution tried and the steps down to 2 voxels
    progress : called as ``progress(fraction, message)``

    Returns
    -------
    LocalResolution
        Its ``mask`` leaves out the voxels of the given one that could not be measured.

    Raises
    ------
    MapContentError
        If the map or a half map cannot be analysed, or the mask is empty or fills the box.
    GridMismatchError
        If the mask or a half map has another grid.
    MapResError
        If there is no such method.
    Cancelled
        If ``progress`` raises it.
    """
    started = time.perf_counter()
    if method not in METHODS:
        raise MapResError(f"method {method!r} is not one of {', '.join(METHODS)}; choose another.")
    checked(density)
    for half in half_maps or ():
        require_same_grid(density, half, "half map")
        checked(half)
    progress(0.0, "finding the molecule" if mask is None else "checking the mask")
    inside = _inside(density, mask)
    measured = monores(
        density.values,
        density.spacing,
        inside,
        half_maps=half_maps and (half_maps[0].values, half_maps[1].values),
        max_res=max_res,
        step=step,
        progress=progress,
    )
    known = measured > 0
    return LocalResolution(
        values=_spread(measured, known),
        mask=known,
        method=method,
        warnings=tuple(_warnings(density, half_maps, inside, measured[known], max_res)),
        seconds=time.perf_counter() - started,
    )


def _inside(density: Density, mask: Density | None) -> NDArray[np.bool_]:
    if mask is None:
        return solvent_mask(density)
    require_same_grid(density, mask, "mask")
    inside = mask.values > 0.5
    if not inside.any():
        raise MapContentError(f"the mask {mask.name} is empty (nowhere above 0.5); give another.")
    if inside.all():
        raise MapContentError(
            f"the mask {mask.name} fills the box; give one that leaves the solvent out."
        )
    return inside


def _spread(values: NDArray[np.float32], known: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Give every voxel the value of the nearest ``known`` one."""
    nearest = ndimage.distance_transform_edt(~known, return_distances=False, return_indices=True)
    return values[tuple(nearest)]


def _warnings(
    density: Density, half_maps: HalfMaps | None, inside: NDArray, values: NDArray, max_res: float
) -> Iterator[str]:
    missing = 1 - values.size / inside.sum()
    if missing > MUCH_UNMEASURED:
        yield (
            f"{missing:.0%} of the mask could not be measured and was filled from the nearest "
            "measured voxels; the mask may be too large."
        )
    stuck = float(np.mean(values > AT_COARSEST * max_res))
    if stuck > MANY_COARSEST:
        yield (
            f"{stuck:.0%} of the voxels are near the coarsest resolution tried, {max_res:.3g} Å, "
            "and may be worse; repeat with a larger max_res."
        )
    finest = float(values.min())
    piled = float(np.mean(values < 1.001 * finest))
    if piled > MANY_FINEST:
        yield (
            f"{piled:.0%} of the voxels are at the finest resolution found, {finest:.3g} Å, "
            "where the voxel size or the method ends: they may be better, or cut by the box."
        )
    if half_maps is not None:
        yield from half_map_doubts(density, half_maps, inside)
