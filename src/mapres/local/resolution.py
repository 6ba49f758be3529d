"""Local resolution: several methods, one answer on the map's own grid."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..density import Density, Progress, checked, require_same_grid, safely_scaled, silent
from ..errors import MapContentError, MapResError
from ..half_maps import HalfMaps, half_map_doubts
from ..interpolate import nearest_known
from ..mask import solvent_mask
from ..networks.session import AUTO, require_device
from ..progress import with_heartbeat
from .methods import METHODS, UNCERTAIN, Measured, complete_options, measure

# Fraction of the mask: of the two reference maps of MonoRes 0.3% is unmeasured.
MUCH_UNMEASURED = 0.05
# Where a map is limited by noise, single voxels reach the finest value, not a sixth of them.
MANY_FINEST = 0.15


@dataclass(frozen=True, eq=False, kw_only=True)
class LocalResolution(Measured):
    """Resolution at every voxel of a map: what was measured, and more of it.

    Attributes
    ----------
    values : float32 array, shape (z, y, x), Å; outside the mask the nearest inside value, so that
        a surface sampled at its rim is colored rightly
    mask : bool array, shape (z, y, x), the voxels that were measured
    method : name of the method
    seconds : wall time
    """

    mask: NDArray[np.bool_]
    method: str
    seconds: float

    @property
    def resolved(self) -> NDArray[np.float32]:
        """The resolutions that were found, shape (z, y, x), Å; 0 where none was."""
        found = self.mask if self.beyond is None else self.mask & ~self.beyond
        return np.where(found, self.values, np.float32(0))

    @property
    def uncertainty(self) -> NDArray[np.float32]:
        """Half the width of the 90% interval, shape (z, y, x), Å; outside the mask the nearest.

        Raises
        ------
        MapResError
            If the method gives no interval.
        """
        if self.interval is None:
            raise MapResError(f"{self.method} says nothing of its uncertainty; {UNCERTAIN} does.")
        low, high = self.interval
        return nearest_known(0.5 * (high - low), self.mask)

    @property
    def median_uncertainty(self) -> float | None:
        """Median of that over the mask, Å; None of methods that give no interval."""
        if self.interval is None:
            return None
        low, high = (end[self.mask] for end in self.interval)
        return float(np.median(0.5 * (high - low)))

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


@with_heartbeat
def local_resolution(
    density: Density,
    *,
    method: str = METHODS[0],
    mask: Density | None = None,
    half_maps: HalfMaps | None = None,
    device: str = AUTO,
    progress: Progress = silent,
    **options: float | None,
) -> LocalResolution:
    """Measure the local resolution of a map.

    Parameters
    ----------
    density : the map
    method : one of `mapres.local.methods.METHODS`; the first is the default
    mask : inside where > 0.5; without one, `mapres.mask.solvent_mask` makes it from the map
    half_maps : read beside the map by mapres; by the others measured in its place: MonoRes and
        ResMap their mean against their difference, blocres how they correlate
    device : where networks run: ``auto`` (a GPU where ONNX Runtime has one), ``cpu`` or ``gpu``
    progress : called as ``progress(fraction, message)``
    max_res, step : of MonoRes and ResMap: Å, the coarsest resolution tried (20; 4 voxels) and the
        steps (0.5; 1) down to 2 voxels
    box_size : of blocres: Å, edge of the boxes; by default 6 times the resolution of the half maps
    stride : of blocres: voxels from one box to the next; by default as small as 10 s allow
    cutoff : of blocres: the correlation that counts as resolved, 0.5
    false_discovery_rate : of ResMap: of the voxels resolved at a wavelength, the fraction that
        noise may make, 0.05

    Returns
    -------
    LocalResolution
        Its ``mask`` leaves out the voxels of the given one that could not be measured.

    Raises
    ------
    MapContentError
        If the map or a half map cannot be analyzed, or the mask is empty or fills the box.
    GridMismatchError
        If the mask or a half map has another grid.
    MapResError
        If there is no such method or device, or the method has no such option.
    Cancelled
        If ``progress`` raises it.
    """
    started = time.perf_counter()
    chosen = complete_options(method, options)
    require_device(device)
    checked(density)
    for half in half_maps or ():
        require_same_grid(density, half, "half map")
        checked(half)
    (density,) = safely_scaled((density,))
    half_maps = half_maps and safely_scaled(half_maps)
    progress(0.0, "finding the molecule" if mask is None else "checking the mask")
    inside = _inside(density, mask)
    doubts = [] if half_maps is None else list(half_map_doubts(density, half_maps, inside))
    try:
        measured = measure(method, density, inside, half_maps, chosen, device, progress)
    except MapContentError as error:
        # Half maps of opposite sign, say, leave no signal: the cause is worth more than the effect.
        if doubts:
            raise MapContentError(doubts[0]) from error
        raise
    known = measured.values > 0
    return LocalResolution(
        **vars(measured)
        | {
            "values": nearest_known(measured.values, known),
            "warnings": (*_warnings(inside, measured, known), *measured.warnings, *doubts),
        },
        mask=known,
        method=method,
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


def _warnings(
    inside: NDArray[np.bool_], measured: Measured, known: NDArray[np.bool_]
) -> Iterator[str]:
    values = measured.values[known]
    missing = 1 - values.size / inside.sum()
    if missing > MUCH_UNMEASURED:
        yield (
            f"{missing:.0%} of the mask could not be measured and was filled from the nearest "
            "measured voxels; the mask may be too large."
        )
    finest = float(values.min()) if measured.finest is None else measured.finest
    piled = float(np.mean(values < 1.001 * finest))
    if piled > MANY_FINEST:
        yield (
            f"{piled:.0%} of the voxels are at the finest resolution found, {finest:.3g} Å, "
            "where the voxel size or the method ends: they may be better, or cut by the box."
        )
