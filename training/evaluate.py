"""Scores of a shipped model: simulated maps of held-out molecules, and real maps."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from mapres import models
from mapres.distribution import CLASSES, class_of
from mapres.errors import MapResError
from mapres.mrc import read
from mapres.validation import validate
from training.dataset import SETS, examples
from training.draw import Example
from training.export import write_card
from training.structures import rows

SEED = 3000


def evaluate_simulated(data: Path, split: str, count: int, model: str, out: Path) -> dict:
    """Validate simulated maps of one split; write ``simulated-<split>.csv`` and ``.md``."""
    sets = {row["id"]: row["set"] for row in rows(data / "structures.tsv", split=split)}
    drawn = examples(data, split, SEED, count)
    results = [{"set": sets[e.structure_id]} | score(e, model) for e in drawn]
    with open(out / f"simulated-{split}.csv", "w", newline="") as stream:
        writer = csv.DictWriter(stream, results[0])
        writer.writeheader()
        writer.writerows(results)
    command = f"python -m training evaluate --split {split} --maps {count}"
    title = f"# Simulated maps, {split} split"
    made_by = f"Model {models.load(model).label}; `{command}` (seed {SEED})."
    text = "\n".join([title, "", made_by, "", *_table(results)]) + "\n"
    (out / f"simulated-{split}.md").write_text(text, encoding="utf-8")
    print(text)
    summary = summarise(results)
    add_score(model, f"simulated maps of the {split} split", summary)
    return summary


def _table(results: list[dict]) -> list[str]:
    """Return the lines of a table of scores: all maps, then in groups."""
    bands = {"high, < 5 Å": (0, 5), "medium": (5, 10), "low, > 10 Å": (10, 99)}
    groups = [("all", "all", results)]
    for name, (finer, coarser) in bands.items():
        chosen = [r for r in results if finer <= r["true_A"] < coarser]
        groups.append(("by true Å", name, chosen))
    for column, names in (("set", [*SETS]), ("treatment", sorted(_values(results, "treatment")))):
        for name in names:
            groups.append((f"by {column}", name, [r for r in results if r[column] == name]))
    return [
        "| maps | | molecules | n | right class | median relative error | 90 % interval covers |",
        "|---|---|---|---|---|---|---|",
        *(_row(group, name, summarise(chosen)) for group, name, chosen in groups if chosen),
    ]


def _values(results: list[dict], column: str) -> set[str]:
    return {result[column] for result in results}


def add_score(model: str, name: str, summary: dict) -> None:
    """Write a score into the model's card."""
    path = models.card_path(model)
    card = json.loads(path.read_text(encoding="utf-8"))
    card["scores"][name] = {
        key: round(value, 4) if isinstance(value, float) else value
        for key, value in summary.items()
    }
    write_card(path, card)


def score(example: Example, model: str) -> dict:
    """Validate one simulated map and put truth and answer side by side."""
    answer = validate(example.density, model=model)
    treatment = example.treatment
    kinds = {
        "sharpened": treatment.sharpening > 0,
        "masked": treatment.mask_distance is not None,
        "filtered": treatment.low_pass is not None,
    }
    return {
        "structure": example.structure_id,
        "true_A": round(example.resolution, 3),
        "resolution_A": round(answer.resolution, 3),
        "low_A": round(answer.interval[0], 3),
        "high_A": round(answer.interval[1], 3),
        "class": answer.resolution_class,
        "true_class": CLASSES[class_of(example.resolution)],
        "patches": answer.patches,
        "treatment": "+".join(kind for kind, done in kinds.items() if done) or "raw",
    }


def summarise(results: list[dict]) -> dict:
    """Return n, number of molecules, accuracy, median relative error and coverage."""
    truth = np.array([r["true_A"] for r in results])
    answer = np.array([r["resolution_A"] for r in results])
    inside = [r["low_A"] <= r["true_A"] <= r["high_A"] for r in results]
    return {
        "n": len(results),
        "molecules": len(_values(results, "structure")),
        "accuracy": float(np.mean([r["class"] == r["true_class"] for r in results])),
        "error": float(np.median(np.abs(answer / truth - 1))),
        "coverage": float(np.mean(inside)),
    }


def evaluate_real(folder: Path, model: str, out: Path) -> None:
    """Validate every map of ``maps.tsv`` against its published value; write ``real-maps.md``."""
    with open(folder / "maps.tsv", newline="") as stream:
        entries = list(csv.DictReader(stream, delimiter="\t"))
    lines = [
        "# Real maps",
        "",
        f"Model {models.load(model).label}; `python -m training evaluate`. "
        "Training and calibration use simulated maps only.",
        "",
        "| map | whole | published Å | class | p | Å | 90 % interval | verdict | right class |",
        "|---|---|---|---|---|---|---|---|---|",
        *(_real_row(folder, entry, model) for entry in entries),
    ]
    text = "\n".join(lines) + "\n"
    (out / "real-maps.md").write_text(text, encoding="utf-8")
    print(text)


def _real_row(folder: Path, entry: dict, model: str) -> str:
    published = float(entry["published_resolution_A"]) if entry["published_resolution_A"] else None
    start = [entry["file"], entry["whole_map"].split(" ")[0], published or "unknown"]
    try:
        answer = validate(read(folder / entry["file"]), claimed=published, model=model)
    except MapResError as error:
        return _line([*start, "-", "-", "-", "-", f"refused: {error}", "-"])
    interval = f"{answer.interval[0]:.1f}-{answer.interval[1]:.1f}"
    right = "-"
    if published is not None:
        right = "yes" if answer.resolution_class == CLASSES[class_of(published)] else "no"
    probability = f"{answer.probabilities[answer.resolution_class]:.2f}"
    return _line(
        [
            *start,
            answer.resolution_class,
            probability,
            f"{answer.resolution:.2f}",
            interval,
            answer.verdict or "-",
            right,
        ]
    )


def _row(group: str, name: str, summary: dict) -> str:
    return _line(
        [
            group,
            name,
            summary["molecules"],
            summary["n"],
            f"{summary['accuracy']:.1%}",
            f"{summary['error']:.1%}",
            f"{summary['coverage']:.1%}",
        ]
    )


def _line(cells: Iterable) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
