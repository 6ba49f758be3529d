"""Local resolution on the map's own grid, by any method."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..arrays.interpolate import extend
from ..arrays.percentile import percentile
from ..checks.check import Evidence, LocalSummary, run_checks
from ..checks.density import DENSITY, MOLECULE, inverted_contrast
from ..checks.half_maps import PAIR
from ..checks.local import LOCAL
from ..checks.measurements import measure_map
from ..density import Density, notes_of
from ..errors import MapContentError, MapResError
from ..half_maps import HalfMaps, checked_with_half_maps
from ..mask import flat_solvent, molecule_in
from ..masks.given import given_mask
from ..networks.session import AUTO, require_device
from ..progress import Progress, beat, silent, with_heartbeat
from .method import Measured, Method, MethodInput
from .methods import DEFAULT, METHODS, complete_options


@dataclass(frozen=True, eq=False, kw_only=True)
class LocalResolution(Measured):
    """Resolution at every voxel of a map, with statistics.

    Attributes
    ----------
    values : float32 array, shape (z, y, x), Å; outside the mask about the nearest value inside, at
        its edge exactly, so that surfaces there are colored correctly
    mask : bool array, shape (z, y, x), the voxels that were measured
    method : name of the method
    seconds : wall time
    """

    mask: NDArray[np.bool_]
    method: str
    seconds: float

    @property
    def resolved(self) -> NDArray[np.float32]:
        """Resolutions found, shape (z, y, x), Å; 0 where unresolved."""
        known = self.mask if self.beyond is None else self.mask & ~self.beyond
        return np.where(known, self.values, np.float32(0))

    @property
    def uncertainty(self) -> NDArray[np.float32]:
        """Half the width of the 90% interval, shape (z, y, x), Å; extended like `values`.

        Raises
        ------
        MapResError
            If the method gives no interval.
        """
        part = self.interval_in_box
        if part is None:
            raise MapResError(f"{self.method} gives no uncertainty; choose the method {DEFAULT}.")
        widths = np.zeros_like(self.values)
        widths[part.box] = part.half_widths()
        extend(widths, self.mask)
        return widths

    @property
    def median_uncertainty(self) -> float | None:
        """Median uncertainty over the mask, Å; None for methods that give no interval."""
        part = self.interval_in_box
        if part is None:
            return None
        return percentile(part.half_widths(), 50, self.mask[part.box])

    @property
    def median(self) -> float:
        """Median over the mask, Å."""
        return percentile(self.values, 50, self.mask)

    @property
    def quartiles(self) -> tuple[float, float]:
        """First and third quartile over the mask, Å."""
        lower, upper = (percentile(self.values, level, self.mask) for level in (25, 75))
        return lower, upper

    @property
    def mask_fraction(self) -> float:
        """Fraction of the box that was measured."""
        return float(self.mask.mean())


@with_heartbeat
def local_resolution(
    density: Density,
    *,
    method: str = DEFAULT,
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
    mask : inside above the middle of its two levels, see `mapres.masks.given.given_mask`; without
        one, `mapres.mask.solvent_mask` makes it from the map
    half_maps : mapres uses them together with the map, the others in its place: MonoRes and ResMap
        compare their mean with their difference, blocres correlates them
    device : where networks run: ``auto`` (a GPU if ONNX Runtime supports one), ``cpu`` or ``gpu``
    progress : called as ``progress(fraction, message)``
    options : of the method, by their names in `mapres.local.methods.OPTIONS`

    Returns
    -------
    LocalResolution
        Its ``mask`` leaves out voxels of the given one that could not be measured.

    Raises
    ------
    MapContentError
        If the map or a half map cannot be analyzed, or the mask is none or does not fit the map.
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
    density, half_maps = checked_with_half_maps(density, half_maps)
    progress(0.0, "finding the molecule" if mask is None else "checking the mask")
    masked = mask and given_mask(mask, density)
    inside = masked.inside if masked else _molecule(density)
    found = masked.molecule if masked else None
    given = MethodInput(density, inside, mask is None, half_maps, device, progress, found)
    evidence = Evidence(density, half_maps=given.pair)
    measured, known, warnings = _measure(METHODS[method], given, chosen, evidence)
    beat()
    extend(measured.values, known)
    if masked:
        warnings = (*masked.warnings, *warnings)
    notes = notes_of(density, *(half_maps or ()), masked, measured)
    return LocalResolution(
        **vars(measured) | {"warnings": warnings, "notes": notes},
        mask=known,
        method=method,
        seconds=time.perf_counter() - started,
    )


def _measure(
    method: Method, given: MethodInput, options: Mapping[str, float | None], evidence: Evidence
) -> tuple[Measured, NDArray[np.bool_], tuple[str, ...]]:
    """Return what a method measured, where, and all warnings."""
    density = given.density
    half_map_warnings = [finding.text for finding in run_checks(PAIR, evidence)]
    try:
        measured = method.measure(given, options)
    except MapContentError as error:
        # Report the cause, such as half maps of opposite sign, rather than its effect.
        inverted = inverted_contrast(density, given.measurements)
        causes = [*half_map_warnings, *(f"{density.name}: {f.text}" for f in inverted)]
        if causes:
            raise MapContentError(causes[0]) from error
        raise
    known = measured.values > 0
    if np.count_nonzero(known) == np.count_nonzero(given.inside):
        # The same voxels: each mask of a map of 512³ voxels takes 0.1 GB.
        known = given.inside
    evidence = evidence.with_(
        local=_summary(given.inside, measured, known),
        local_filter=measured.local_filter,
        solvent_is_flat=flat_solvent(density.values) is not None,
        measurements=given.measurements,
    )
    findings = (run_checks(checks, evidence) for checks in (LOCAL, MOLECULE, DENSITY))
    warnings = (
        *(finding.text for group in findings for finding in group),
        *method.device_warnings(given.device),
        *measured.warnings,
        *half_map_warnings,
    )
    return measured, known, warnings


def _molecule(density: Density) -> NDArray[np.bool_]:
    """Return the solvent mask of a map, or raise an error that names the likely cause."""
    try:
        return molecule_in(density)
    except MapContentError:
        everywhere = np.ones(density.values.shape, dtype=bool)
        if inverted := inverted_contrast(density, measure_map(density, everywhere)):
            raise MapContentError(f"{density.name}: {inverted[0].text}") from None
        raise


def _summary(
    inside: NDArray[np.bool_], measured: Measured, known: NDArray[np.bool_]
) -> LocalSummary:
    values = measured.values[known]
    finest = float(values.min()) if measured.finest is None else measured.finest
    return LocalSummary(
        unmeasured=1 - values.size / int(inside.sum()),
        at_finest=float(np.mean(values < 1.001 * finest)),
        finest=finest,
    )
