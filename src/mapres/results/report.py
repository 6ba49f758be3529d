"""Results as rows of text, for a terminal and for ChimeraX's log, and as plain types for JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import __version__
from ..density import Density
from ..features.avramov2019 import NAMES, classes_of
from ..features.distribution import CLASSES
from ..local.resolution import LocalResolution
from ..validation.validate import FSC_TOLERANCE, NYQUIST_SLACK, Validation

if TYPE_CHECKING:
    from ..fsc import ShellCorrelation
    from .compare import Agreement

# Label and text, or label and a text for each column; a single text belongs to all columns.
Rows = list[tuple[str, ...]]

METHOD_NAMES = {
    "mapres": "MapRes",
    "monores": "MonoRes",
    "blocres": "blocres",
    "resmap": "ResMap",
    "unet-monores": "U-Net (MonoRes)",
    "unet-resmap": "U-Net (ResMap)",
}


def validation_rows(validation: Validation) -> Rows:
    """Return (label, text) pairs that tell what `validate` found."""
    v = validation
    probabilities = ", ".join(f"{name} {chance:.0%}" for name, chance in v.probabilities.items())
    rows = [
        ("Map", v.map),
        *_grid_rows(v.voxel_size, v.box),
        ("Class", f"{v.resolution_class} ({probabilities})"),
        ("Resolution", _resolution(v)),
    ]
    if v.claimed is not None:
        rows.append(("Claimed", f"{v.claimed:g} Å: {v.verdict}{_reason(v)}"))
    rows += _half_map_rows(v)
    rows.append(("Patches", str(v.patches)))
    rows += _warning_rows(v.warnings)
    return [*rows, ("Model", f"{v.model}, MapRes {__version__}"), ("Provider", v.provider)]


def comparison_rows(validations: Sequence[Validation]) -> Rows:
    """Return rows that show what several models say of one map, a column for each.

    A single validation gets its `validation_rows`.
    """
    first, *others = validations
    if not others:
        return validation_rows(first)
    rows: Rows = [
        ("Map", first.map),
        *_grid_rows(first.voxel_size, first.box),
        ("", *(v.model_name for v in validations)),
        ("Class", *(v.resolution_class for v in validations)),
    ]
    for name in CLASSES:
        rows.append((f"Chance of {name}", *(f"{v.probabilities[name]:.0%}" for v in validations)))
    rows.append(("Resolution", *map(_resolution, validations)))
    if first.claimed is not None:
        verdicts = [f"{v.verdict}{_reason(v)}" for v in validations]
        rows.append((f"Claimed {first.claimed:g} Å", *verdicts))
    rows += _half_map_rows(first)
    rows += _warning_rows(_shared_warnings(validations))
    labels = ", ".join(v.model for v in validations)
    provider = ", ".join(dict.fromkeys(v.provider for v in validations))
    return [*rows, ("Models", f"{labels}, MapRes {__version__}"), ("Provider", provider)]


def comparison_json(validations: Sequence[Validation]) -> dict[str, Any]:
    """Return plain types under the keys of ``mapres validate --json``, by model if several."""
    first, *others = validations
    if not others:
        return first.as_json()
    return {"map": first.map, "models": {v.model_name: v.as_json() for v in validations}}


def _resolution(validation: Validation) -> str:
    v = validation
    if v.resolution is None or v.interval is None:
        return "class only"
    finer, coarser = v.interval
    return f"{v.resolution:.2f} Å (90% interval {finer:.2f}–{coarser:.2f} Å)"


def _half_map_rows(validation: Validation) -> Rows:
    fsc = validation.half_map_fsc
    return [] if fsc is None else [("Half-map FSC", f"{fsc:.2f} Å at 0.143")]


def _shared_warnings(validations: Sequence[Validation]) -> Iterator[str]:
    """Say each warning once, and which models give it unless all do."""
    names: dict[str, list[str]] = {}
    for validation in validations:
        for warning in validation.warnings:
            names.setdefault(warning, []).append(validation.model_name)
    for warning, some in names.items():
        who = "" if len(some) == len(validations) else f"{', '.join(some)}: "
        yield who + warning


def _reason(validation: Validation) -> str:
    """Say what decided a verdict where it was not plainly the interval."""
    v, claimed = validation, validation.claimed or 0.0
    if claimed < NYQUIST_SLACK * 2 * max(v.voxel_size):
        return " (finer than two voxels)"
    if v.half_map_fsc is not None:
        return " (by the half maps)"
    if v.verdict == "cannot tell":
        return ""
    if v.interval is None:
        return " (by the class alone)"
    if v.verdict == "consistent" and not v.interval[0] <= claimed <= v.interval[1]:
        return f" (less than {FSC_TOLERANCE:.0%} outside the interval)"
    return ""


def local_rows(
    density: Density, result: LocalResolution, agreement: Agreement | None = None
) -> Rows:
    """Return (label, text) pairs that tell what `local_resolution` found in a map."""
    lower, upper = result.quartiles
    return [
        ("Map", density.name),
        *_grid_rows(density.voxel_size, reversed(density.values.shape)),
        ("Method", f"{method_name(result)}, MapRes {__version__}"),
        *([("Provider", result.provider)] if result.provider else []),
        *(("Note", text) for text in result.notes),
        ("Median", f"{result.median:.2f} Å (quartiles {lower:.2f}–{upper:.2f} Å)"),
        *_uncertainty_rows(result),
        ("Classes", _class_text(result)),
        ("Measured", f"{result.mask_fraction:.1%} of the box"),
        *_agreement_rows(agreement),
        ("Time", f"{result.seconds:.1f} s"),
        *_warning_rows((*result.warnings, *(agreement.warnings if agreement else ()))),
    ]


def summary(result: LocalResolution) -> str:
    """Say in a line where the local resolution of a map lies, and how sure it is."""
    lower, upper = result.quartiles
    half = result.median_uncertainty
    sure = "" if half is None else f", a voxel ± {half:.2f} Å (90%)"
    return f"median {result.median:.2f} Å, quartiles {lower:.2f}–{upper:.2f} Å{sure}"


def _class_text(result: LocalResolution) -> str:
    return ", ".join(
        f"{name} Å {fraction:.0%}" for name, fraction in _shares(result).items() if fraction
    )


def _shares(result: LocalResolution) -> dict[str, float]:
    """Return which fractions of the measured voxels are in the ten classes of local resolution."""
    counts = np.bincount(classes_of(result.values[result.mask]), minlength=len(NAMES))
    return dict(zip(NAMES, (counts / counts.sum()).tolist(), strict=True))


def _uncertainty_rows(result: LocalResolution) -> Rows:
    half = result.median_uncertainty
    if half is None:
        return []
    return [("Uncertainty", f"± {half:.2f} Å at a voxel, in the median (90% interval)")]


def _agreement_rows(agreement: Agreement | None) -> Rows:
    if agreement is None:
        return []
    r = "none" if agreement.correlation is None else f"{agreement.correlation:.2f}"
    text = (
        f"median {agreement.median:+.2f} Å, spread {agreement.spread:.2f} Å, correlation {r}, "
        f"over {agreement.compared.sum():,} voxels"
    )
    return [(f"Less {agreement.other}", text)]


def fsc_rows(
    half1: Density,
    half2: Density,
    curve: ShellCorrelation,
    mask: Density | None = None,
    warnings: Iterable[str] = (),
) -> Rows:
    """Return (label, text) pairs that tell where a shell correlation crosses its thresholds."""
    nyquist = half1.nyquist
    rows = [
        ("Half maps", f"{half1.name}, {half2.name}"),
        *_grid_rows(half1.voxel_size, reversed(half1.values.shape)),
        ("Mask", f"{mask.name} (corrected for it)" if mask else "none: solvent noise counts"),
    ]
    for name, value in curve.resolution.items():
        text = "none: below it from the first shell" if value is None else f"{value:.2f} Å"
        rows.append((f"FSC {name}", text + " (two voxels)" * (value == nyquist)))
    return [*rows, *_warning_rows(warnings)]


def local_json(
    density: Density, result: LocalResolution, agreement: Agreement | None = None
) -> dict[str, Any]:
    """Return plain types under the keys of ``mapres local --json``."""
    compared = {} if agreement is None else {"compared": _agreement_json(agreement)}
    return {
        "map": density.name,
        **_grid_json(density),
        "method": result.method,
        "model": result.model,
        "provider": result.provider,
        "median_A": round(result.median, 3),
        "quartiles_A": [round(quartile, 3) for quartile in result.quartiles],
        **_uncertainty_json(result),
        "class_shares": {name: round(fraction, 4) for name, fraction in _shares(result).items()},
        "mask_fraction": round(result.mask_fraction, 5),
        **compared,
        "seconds": round(result.seconds, 2),
        "notes": list(result.notes),
        "warnings": list(result.warnings),
        "version": __version__,
    }


def _uncertainty_json(result: LocalResolution) -> dict[str, Any]:
    half = result.median_uncertainty
    return {} if half is None else {"median_uncertainty_A": round(half, 3)}


def _agreement_json(agreement: Agreement) -> dict[str, Any]:
    r = agreement.correlation
    return {
        "with": agreement.other,
        "median_difference_A": round(agreement.median, 3),
        "spread_A": round(agreement.spread, 3),
        "correlation": r if r is None else round(r, 4),
        "voxels": int(agreement.compared.sum()),
        "warnings": list(agreement.warnings),
    }


def fsc_json(
    half1: Density,
    half2: Density,
    curve: ShellCorrelation,
    mask: Density | None = None,
    warnings: Iterable[str] = (),
) -> dict[str, Any]:
    """Return plain types under the keys of ``mapres fsc --json``."""
    crossings = {name: value and round(value, 3) for name, value in curve.resolution.items()}
    return {
        "half_maps": [half1.name, half2.name],
        "mask": mask and mask.name,
        **_grid_json(half1),
        "resolution_A": crossings,
        "warnings": list(warnings),
        "version": __version__,
    }


def as_text(rows: Rows) -> str:
    """Align rows for a terminal; a text of all columns may be as long as it likes."""
    columns = zip(*(row[1:] for row in rows if len(row) > 2), strict=True)
    widths = [max(len(row[0]) for row in rows), *(max(map(len, column)) for column in columns)]
    # The last text needs no padding.
    return "\n".join(
        "  ".join(text.ljust(width) for text, width in zip(row[:-1], widths, strict=False))
        + f"  {row[-1]}"
        for row in rows
    )


def method_name(result: LocalResolution) -> str:
    """Return the method's name as its authors write it."""
    return METHOD_NAMES.get(result.method, result.method)


def method_and_model(result: LocalResolution) -> str:
    """Return that with the network that read the map, where one did."""
    return ", ".join(filter(None, (method_name(result), result.model)))


def _grid_rows(voxel_size: Iterable[float], box: Iterable[int]) -> Rows:
    sizes = [f"{size:.4g}" for size in voxel_size]
    # Calibration leaves differences that only show in later digits.
    size = sizes[0] if len(set(sizes)) == 1 else " × ".join(sizes)
    return [("Voxel size", f"{size} Å"), ("Box", " × ".join(map(str, box)))]


def _grid_json(density: Density) -> dict[str, Any]:
    return {
        "voxel_size_A": [round(size, 5) for size in density.voxel_size],
        "box": list(reversed(density.values.shape)),
    }


def _warning_rows(warnings: Iterable[str]) -> Rows:
    return [("Warning", text) for text in warnings]
