"""Scores on maps that RELION reconstructed from particles, whose truth is known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.errors import MapContentError
from mapres.local.resolution import LocalResolution, local_resolution
from mapres.validation.verdict import OPTIMISTIC, PESSIMISTIC
from training.evaluate.claims import analyzed, claims, operating_curve, share
from training.evaluate.figures import methods_figure
from training.evaluate.local import covered, errors
from training.evaluate.tables import Table, grouped, write_maps
from training.particles.sets import TREATMENTS, Reconstructed, stored

# The verdict by half maps, and their FSC.
HALF_MAPS = "half maps"
GLOBAL_COLUMNS = ("treatment", "n", "ratio, median", "median relative error")
GLOBAL_COLUMNS += ("90% interval holds it", "true claim: optimistic", "pessimistic")
GLOBAL_COLUMNS += ("claim × 0.75: optimistic",)
LOCAL_COLUMNS = ("method", "n", "mean relative error", "with the median set right", "MAE Å")
LOCAL_COLUMNS += ("ratio of medians", "correlation", "90% interval holds it", "seconds")
# Treatment, method, and whether it is given the half maps.
OURS = {f"MapRes, {name}": (name, "mapres", False) for name in TREATMENTS} | {
    "MapRes, half maps": ("raw", "mapres", True),
    "MapRes, post with half maps": ("post", "mapres", True),
}
PEERS = {
    "blocres": ("raw", "blocres", True),
    "MonoRes, half maps": ("raw", "monores", True),
    "MonoRes, raw": ("raw", "monores", False),
    "ResMap, half maps": ("raw", "resmap", True),
}


def evaluate_reconstructions(folder: Path, split: str, out: Path, peers: bool = False) -> None:
    """Score a set; write ``reconstructed-<split>`` and ``reconstructed-local-<split>``.

    Parameters
    ----------
    folder : of the set
    split : of its molecules
    out : where
    peers : measure local resolution by other programs' methods as well, which takes longer
    """
    made = stored(folder)
    made_by = f"`python -m training evaluate-reconstructions --split {split}`, {len(made)} maps."
    results = [global_score(each, name) for each in made for name in TREATMENTS]
    results += [global_score(each, "raw", with_half_maps=True) for each in made]
    write_maps(results, out / f"reconstructed-{split}-maps.csv")
    groups = grouped(results, "treatment")
    rows = [_global_row(name, groups[name]) for name in (*TREATMENTS, HALF_MAPS)]
    operating_curve(groups, out / f"reconstructed-{split}.png")
    title = f"Resolution of reconstructions, {split} split"
    Table(f"reconstructed-{split}", title, made_by, GLOBAL_COLUMNS, rows).write(out)
    local = [row for each in made for row in local_scores(each, peers)]
    write_maps(local, out / f"reconstructed-local-{split}-maps.csv")
    groups = grouped(local, "method")
    # In the order in which they were measured.
    methods = {name: groups[name] for name in dict.fromkeys(row["method"] for row in local)}
    errors_of = {name: [row["error"] for row in found] for name, found in methods.items()}
    methods_figure(errors_of, out / f"reconstructed-local-{split}.png")
    rows = [_local_row(name, found) for name, found in methods.items()]
    title = f"Local resolution of reconstructions, {split} split"
    Table(f"reconstructed-local-{split}", title, made_by, LOCAL_COLUMNS, rows).write(out)


def global_score(made: Reconstructed, treatment: str, with_half_maps: bool = False) -> dict:
    """Analyze one map of a reconstruction, and judge claims about it."""
    analysis = analyzed(
        made.density(treatment), "default", made.half_maps if with_half_maps else None
    )
    answer = analysis.judged()
    found = answer.half_map_fsc if with_half_maps else answer.resolution
    low, high = answer.interval or (np.nan, np.nan)
    return {
        "map": made.folder.name,
        "treatment": HALF_MAPS if with_half_maps else treatment,
        "true_A": round(made.resolution, 3),
        "resolution_A": round(found or np.nan, 3),
        "low_A": round(low, 3),
        "high_A": round(high, 3),
    } | claims(analysis, made.resolution)


def local_scores(made: Reconstructed, others: bool = False) -> Iterator[dict]:
    """Yield the scores of every method on a reconstruction; ``others``: of peers' methods, too."""
    core, truth = made.core, made.values("truth")
    for label, (treatment, method, with_half_maps) in (OURS | (PEERS if others else {})).items():
        half_maps = made.half_maps if with_half_maps else None
        # By default it searches up to four voxels, where most of these maps have nothing.
        searched = {"max_res": 2 * made.resolution} if method == "resmap" else {}
        density = made.density(treatment)
        try:
            found = local_resolution(density, method=method, half_maps=half_maps, **searched)
        except MapContentError as error:
            print(f"{made.folder.name}, {label}: {error}")
            continue
        yield _local_score(made, label, found.values, truth, core, found)
    relion = made.values("relion_local")
    yield _local_score(made, "RELION", relion, truth, core & (relion > 0))


def _local_score(
    made: Reconstructed,
    method: str,
    values: NDArray,
    truth: NDArray,
    core: NDArray[np.bool_],
    found: LocalResolution | None = None,
) -> dict:
    known = truth[core].astype(float)
    ratio = values[core].astype(float) / known
    scaled = ratio / np.median(ratio)
    return {
        "map": made.folder.name,
        "method": method,
        **errors(values[core], known),
        "error_scaled": round(float(np.abs(scaled - 1).mean()), 4),
        "ratio": round(float(np.median(ratio)), 4),
        "covered": np.nan if found is None else covered(found, core, known),
        "seconds": np.nan if found is None else round(found.seconds, 2),
    }


def _global_row(name: str, results: list[dict]) -> list:
    ratio = np.array([r["resolution_A"] / r["true_A"] for r in results])
    held = np.mean([r["low_A"] <= r["true_A"] <= r["high_A"] for r in results])
    verdicts = (
        share(results, 1.0, OPTIMISTIC),
        share(results, 1.0, PESSIMISTIC),
        share(results, 0.75, OPTIMISTIC),
    )
    return [
        name,
        len(results),
        f"{np.nanmedian(ratio):.3f}",
        f"{np.nanmedian(np.abs(ratio - 1)):.1%}",
        "-" if name == HALF_MAPS else f"{held:.0%}",
        *(f"{part:.0%}" for part in verdicts),
    ]


def _local_row(method: str, results: list[dict]) -> list:
    columns = ("error", "error_scaled", "MAE_A", "ratio", "r", "covered", "seconds")
    error, scaled, mae, ratio, r, held, seconds = (
        np.array([each[column] for each in results]) for column in columns
    )
    return [
        method,
        len(results),
        f"{error.mean():.1%}",
        f"{scaled.mean():.1%}",
        f"{mae.mean():.2f}",
        f"{np.nanmedian(ratio):.3f}",
        f"{np.nanmedian(r):.2f}",
        "-" if np.isnan(held).all() else f"{np.nanmean(held):.0%}",
        "-" if np.isnan(seconds).all() else f"{np.nanmedian(seconds):.1f}",
    ]
