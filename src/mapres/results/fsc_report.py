"""A Fourier shell correlation as rows of text and as plain types for JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..density import Density
from .text import Rows, grid_json, grid_rows, note_rows, warning_rows

if TYPE_CHECKING:
    from ..checks.half_map_measurements import HalfMapMeasurements
    from ..fsc import ShellCorrelation
    from ..masks.given import GivenMask


def fsc_rows(
    half1: Density,
    half2: Density,
    curve: ShellCorrelation,
    mask: GivenMask | None = None,
    warnings: Iterable[str] = (),
    notes: Iterable[str] = (),
    pair: HalfMapMeasurements | None = None,
) -> Rows:
    """Return (label, text) pairs with the resolution at each threshold.

    Parameters
    ----------
    half1, half2 : the half maps
    curve : their FSC
    mask : that was given, or None
    warnings : one sentence each
    pair : what was measured of the half maps, or None
    """
    nyquist = half1.nyquist
    rows = [
        ("Half maps", f"{half1.name}, {half2.name}"),
        *grid_rows(half1.voxel_size, reversed(half1.values.shape)),
        ("Mask", _mask_text(mask, pair)),
    ]
    for name, value in curve.resolution.items():
        text = "none (below from the first shell)" if value is None else f"{value:.2f} Å"
        rows.append((f"FSC {name}", text + " (Nyquist limit)" * (value == nyquist)))
    return [*rows, *note_rows(notes), *warning_rows(warnings)]


def fsc_json(
    half1: Density,
    half2: Density,
    curve: ShellCorrelation,
    mask: GivenMask | None = None,
    warnings: Iterable[str] = (),
    notes: Iterable[str] = (),
    pair: HalfMapMeasurements | None = None,
) -> dict[str, Any]:
    """Return plain types under the keys of ``mapres fsc --json``; parameters as of `fsc_rows`."""
    crossings = {name: value and round(value, 3) for name, value in curve.resolution.items()}
    return {
        "half_maps": [half1.name, half2.name],
        "mask": mask and mask.name,
        "half_maps_masked": pair is not None and pair.masked,
        **grid_json(half1),
        "resolution_A": crossings,
        "notes": list(notes),
        "warnings": list(warnings),
        "version": __version__,
    }


def _mask_text(mask: GivenMask | None, pair: HalfMapMeasurements | None) -> str:
    """Say inside which mask a curve is, and whether it is corrected for it."""
    if pair is None or not pair.masked:
        return f"{mask.name} (FSC corrected for it)" if mask else "none (includes solvent noise)"
    own = f"{mask.name}, inside that of the half maps" if mask else "that of the half maps"
    corrected = (
        "too tight to correct the FSC for it" if pair.masked_tightly else "FSC corrected for it"
    )
    return f"{own} ({corrected})"
