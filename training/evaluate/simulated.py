"""Scores of a shipped model: simulated maps of held-out molecules, and real maps."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np

from mapres.density import Density
from mapres.errors import MapResError
from mapres.features.distribution import CLASSES, class_of
from mapres.io import read
from mapres.networks.registry import card_path, load
from mapres.validation.result import Validation
from mapres.validation.validate import validate
from training.avramov2019.classifiers.paper_maps import (
    RESOLUTIONS,
    VOXEL_SIZE,
    paper_map,
    paper_molecules,
)
from training.data.structures import from_packed, rows
from training.evaluate.claims import analyzed, claims, operating_curve
from training.evaluate.figures import real_figure
from training.evaluate.tables import Table, grouped, write_maps
from training.models.ship import write_card
from training.simulate.draw import Example
from training.simulate.examples import examples

SEED = 3000
GROUP_COLUMNS = ("maps", "", "molecules", "n", "right class", "median relative error")
GROUP_COLUMNS += ("90% interval covers",)
REAL_COLUMNS = ("map", "whole", "published Å", "class", "p", "Å", "90% interval", "verdict")
REAL_COLUMNS += ("right class",)


def evaluate_simulated(data: Path, split: str, count: int, model: str, out: Path) -> dict:
    """Validate simulated maps of one split; write ``simulated-<split>.csv`` and ``.md``."""
    sets = {row["id"]: row["set"] for row in rows(data / "structures.tsv", split=split)}
    drawn = examples(data, split, SEED, count, processes=2)
    results = [{"set": sets[e.structure_id]} | score(e, model) for e in drawn]
    write_maps(results, out / f"simulated-{split}.csv")
    operating_curve(grouped(results, "treatment"), out / f"simulated-{split}.png")
    command = f"python -m training evaluate --split {split} --maps {count}"
    made_by = f"Model {load(model).label}; `{command}` (seed {SEED})."
    title = f"Simulated maps, {split} split"
    table = Table(f"simulated-{split}", title, made_by, GROUP_COLUMNS, _groups(results))
    (out / f"{table.name}.md").write_text(table.markdown(), encoding="utf-8")
    print(table.markdown())
    summary = summarize(results)
    add_score(model, f"simulated maps of the {split} split", summary)
    return summary


def _groups(results: list[dict]) -> list[list]:
    """Return the rows of a table of scores: all maps, then in groups."""
    bands = {"high, < 5 Å": (0, 5), "medium": (5, 10), "low, > 10 Å": (10, 99)}
    groups = [("all", "all", results)]
    for name, (finer, coarser) in bands.items():
        chosen = [r for r in results if finer <= r["true_A"] < coarser]
        groups.append(("by true Å", name, chosen))
    for column in ("set", "treatment"):
        groups += [(f"by {column}", *group) for group in grouped(results, column).items()]
    return [_row(group, name, summarize(chosen)) for group, name, chosen in groups if chosen]


def add_score(model: str, name: str, summary: dict) -> None:
    """Write a score into the model's card."""
    path = card_path(model)
    card = json.loads(path.read_text(encoding="utf-8"))
    card["scores"][name] = {
        key: round(value, 4) if isinstance(value, float) else value
        for key, value in summary.items()
    }
    write_card(path, card)


def score(example: Example, model: str) -> dict:
    """Validate one simulated map and put truth and prediction side by side."""
    analysis = analyzed(example.density, model)
    answer = analysis.judged()
    if answer.resolution is None or answer.interval is None:
        raise MapResError(
            f"{model} predicts a class only; evaluate a model that predicts a resolution."
        )
    return {
        "structure": example.structure_id,
        "true_A": round(example.resolution, 3),
        "resolution_A": round(answer.resolution, 3),
        "low_A": round(answer.interval[0], 3),
        "high_A": round(answer.interval[1], 3),
        "class": answer.resolution_class,
        "true_class": CLASSES[class_of(example.resolution)],
        "patches": answer.patches,
        "treatment": example.treatment.kind,
    } | claims(analysis, example.resolution)


def summarize(results: list[dict]) -> dict:
    """Return n, number of molecules, accuracy, median relative error and coverage."""
    truth = np.array([r["true_A"] for r in results])
    answer = np.array([r["resolution_A"] for r in results])
    inside = [r["low_A"] <= r["true_A"] <= r["high_A"] for r in results]
    return {
        "n": len(results),
        "molecules": len(grouped(results, "structure")),
        "accuracy": float(np.mean([r["class"] == r["true_class"] for r in results])),
        "error": float(np.median(np.abs(answer / truth - 1))),
        "coverage": float(np.mean(inside)),
    }


def evaluate_noise_free(data: Path, molecules: int | None, model: str, out: Path) -> None:
    """Let a model classify the paper's test maps; write ``noise-free-test``."""
    chosen = paper_molecules(data, "test", molecules)
    found: list[list[Validation]] = []
    for row in chosen:
        structure = from_packed(data / "structures.h5", int(row["index"]))
        maps = [Density(paper_map(structure, r), (VOXEL_SIZE,) * 3) for r in RESOLUTIONS]
        found.append([validate(density, model=model) for density in maps])
    right = np.array(
        [
            [answer.resolution_class == name for answer, name in zip(three, CLASSES, strict=True)]
            for three in found
        ]
    )
    rows: list[list] = [["all", right.size, f"{right.mean():.2%}", ""]]
    for k, resolution in enumerate(RESOLUTIONS):
        middle = np.median([three[k].resolution or np.nan for three in found])
        rows.append([f"{resolution} Å", len(right), f"{right[:, k].mean():.2%}", f"{middle:.2f}"])
    command = "python -m training evaluate" + (f" --molecules {molecules}" if molecules else "")
    made_by = (
        f"Model {load(model).label}; `{command}`: the paper's noise-free maps of "
        f"{len(chosen)} chains of the test split. The model was not retrained on that set."
    )
    columns = ("maps", "n", "right class", "median Å")
    Table("noise-free-test", "Noise-free maps", made_by, columns, rows).write(out)
    scores = {"n": right.size, "molecules": len(chosen), "accuracy": float(right.mean())}
    add_score(model, "noise-free maps of the test split", scores)


def evaluate_real(folder: Path, model: str, out: Path) -> None:
    """Validate every map of ``maps.tsv`` against its published value; write ``real-maps``."""
    with open(folder / "maps.tsv", newline="") as stream:
        entries = list(csv.DictReader(stream, delimiter="\t"))
    made_by = (
        f"Model {load(model).label}; `python -m training evaluate`. "
        "Training and calibration use simulated maps only."
    )
    rows = [_real_row(folder, entry, model) for entry in entries]
    Table("real-maps", "Real maps", made_by, REAL_COLUMNS, rows).write(out)
    real_figure(rows, out / "real-maps.png")


def _real_row(folder: Path, entry: dict, model: str) -> list:
    published = float(entry["published_resolution_A"]) if entry["published_resolution_A"] else None
    start = [entry["file"], entry["whole_map"].split(" ")[0], published or "unknown"]
    try:
        answer = validate(read(folder / entry["file"]), claimed=published, model=model)
    except MapResError as error:
        return [*start, "-", "-", "-", "-", f"refused: {error}", "-"]
    interval = f"{answer.interval[0]:.2f}-{answer.interval[1]:.2f}"
    right = "-"
    if published is not None:
        right = "yes" if answer.resolution_class == CLASSES[class_of(published)] else "no"
    probability = f"{answer.probabilities[answer.resolution_class]:.2f}"
    return [
        *start,
        answer.resolution_class,
        probability,
        f"{answer.resolution:.2f}",
        interval,
        answer.verdict or "-",
        right,
    ]


def _row(group: str, name: str, summary: dict) -> list:
    return [
        group,
        name,
        summary["molecules"],
        summary["n"],
        f"{summary['accuracy']:.1%}",
        f"{summary['error']:.1%}",
        f"{summary['coverage']:.1%}",
    ]
