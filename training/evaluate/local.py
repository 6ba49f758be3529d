"""Scores of local resolution on simulated maps of held-out molecules, whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.errors import MapContentError
from mapres.local.resolution import LocalResolution, local_resolution
from training.evaluate.tables import Table, grouped, write_maps
from training.simulate.draw import Example, Ingredients
from training.simulate.examples import examples

SEED = 8000
# Name to method, and whether it is given the half maps.
METHODS = {
    "mapres": ("mapres", False),
    "mapres, half maps": ("mapres", True),
    "MonoRes": ("monores", False),
    "MonoRes, half maps": ("monores", True),
}
COLUMNS = ("maps", "", "n", "method", "mean relative error", "MAE Å", "constant's MAE Å", "ratio")
COLUMNS += ("correlation", "90% interval covers", "refused")
# ln Å: with less variation than 2% there is nothing to correlate with.
LEAST_SPREAD = 0.02


def evaluate_local(data: Path, split: str, count: int, out: Path) -> None:
    """Measure simulated maps of a split; write ``local-<split>.csv`` and ``.md``."""
    results = [row for e in _with_half_maps(data, split, count) for row in scores(e)]
    write_maps(results, out / f"local-{split}-maps.csv")
    made_by = (
        f"`python -m training evaluate-local --split {split} --maps {count}` (seed {SEED}). Means "
        "over maps, of means over the voxels of the true molecule; the median over maps of "
        "correlations within one, of maps that vary by more than 2%."
    )
    title = f"Local resolution of simulated maps, {split} split"
    table = Table(f"local-{split}", title, made_by, COLUMNS, list(_rows(results)))
    table.write(out)
    print(table.markdown())


def _with_half_maps(data: Path, split: str, count: int) -> Iterator[Example]:
    ingredients = Ingredients(varied=1.0)
    return examples(data, split, SEED, count, ingredients, processes=2)


def scores(example: Example) -> Iterator[dict]:
    """Yield what every method makes of one map, beside its truth."""
    truth = example.truth[example.known].astype(np.float64)
    start = {
        "structure": example.structure_id,
        "resolution_A": round(example.resolution, 3),
        "limited": "by the filter" if _filtered(truth, example) else "by noise",
        "treatment": example.treatment.kind,
        "constant_A": round(float(np.abs(truth - np.median(truth)).mean()), 4),
    }
    for name, (method, with_halves) in METHODS.items():
        try:
            found = local_resolution(
                example.density, method=method, half_maps=example.half_maps if with_halves else None
            )
        except MapContentError:
            yield start | {"method": name, "error": "", "MAE_A": "", "r": "", "covered": ""}
            continue
        yield start | {"method": name} | _scores(found, example.known, truth)


def _filtered(truth: NDArray, example: Example) -> bool:
    """Return whether most of a molecule is resolved as far as the map's filter lets it."""
    return float(np.mean(truth <= example.treatment.limit * (1 + 1e-6))) > 0.5


def _scores(found: LocalResolution, mask: NDArray[np.bool_], truth: NDArray) -> dict:
    measured = errors(found.values[mask], truth) | {"covered": covered(found, mask, truth)}
    return {name: "" if np.isnan(value) else value for name, value in measured.items()}


def errors(values: NDArray, truth: NDArray) -> dict[str, float]:
    """Return mean relative and absolute error (Å), and r of ln Å: NaN where nothing varies."""
    values, truth, r = values.astype(np.float64), truth.astype(np.float64), np.nan
    if np.log(truth).std() > LEAST_SPREAD and np.log(values).std() > 0:
        r = float(np.corrcoef(np.log(values), np.log(truth))[0, 1])
    return {
        "error": round(float(np.abs(values / truth - 1).mean()), 4),
        "MAE_A": round(float(np.abs(values - truth).mean()), 4),
        "r": round(r, 4),
    }


def covered(found: LocalResolution, mask: NDArray[np.bool_], truth: NDArray) -> float:
    """Return how much of a mask has the truth there, shape (n,), in its 90% interval; NaN without.

    Where the mask found leaves molecule out, there is a nearest value but no interval.
    """
    if found.interval is None:
        return np.nan
    low, high = (part[mask] for part in found.interval)
    held = ((low <= truth) & (truth <= high))[found.mask[mask]]
    return round(float(held.mean()), 4)


def _rows(results: list[dict]) -> Iterator[list]:
    bands = {"< 5 Å": (0, 5), "5-10 Å": (5, 10), "> 10 Å": (10, 99)}
    groups = [("all", "all", results)]
    for name, (finer, coarser) in bands.items():
        groups.append(("by Å", name, [r for r in results if finer <= r["resolution_A"] < coarser]))
    for column in ("limited", "treatment"):
        groups += [(f"by {column}", *group) for group in grouped(results, column).items()]
    for group, name, chosen in groups:
        for method in METHODS:
            here = [r for r in chosen if r["method"] == method]
            if here:
                yield [group, name, *_row(method, here)]


def _row(method: str, here: list[dict]) -> list:
    done = [r for r in here if r["error"] != ""]
    if not done:
        return [0, method, *"-" * 6, len(here)]
    error, mae, constant = (
        np.mean([r[column] for r in done]) for column in ("error", "MAE_A", "constant_A")
    )
    r = [row["r"] for row in done if row["r"] != ""]
    covered = [row["covered"] for row in done if row["covered"] != ""]
    return [
        len(done),
        method,
        f"{error:.1%}",
        f"{mae:.2f}",
        f"{constant:.2f}",
        f"{mae / max(constant, 1e-9):.2f}",
        f"{np.median(r):.2f}" if r else "-",
        f"{np.mean(covered):.1%}" if covered else "-",
        len(here) - len(done),
    ]
