"""Curves of a training, and what its stages were."""

from __future__ import annotations

import csv
import json
from pathlib import Path

CURVE = "curve.csv"


def append(row: dict[str, float], folder: Path) -> None:
    """Add a line to the curve in a folder, below a header if it is the first."""
    new = not (folder / CURVE).exists()
    with open(folder / CURVE, "a", newline="") as stream:
        writer = csv.DictWriter(stream, row, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)


def forget_after(step: int, folder: Path) -> None:
    """Drop the lines of steps that were lost when training was interrupted."""
    path = folder / CURVE
    if path.exists():
        head, *lines = path.read_text().splitlines()
        kept = [line for line in lines if int(line.split(",")[0]) <= step]
        path.write_text("\n".join([head, *kept]) + "\n")


def read_curve(path: Path) -> list[dict[str, str]]:
    """Return the lines of a curve, by column."""
    with open(path, newline="") as stream:
        return list(csv.DictReader(stream))


def summary(folder: Path) -> dict[str, float]:
    """Return how many steps and minutes a training took, and after which step it was best."""
    curve = read_curve(folder / CURVE)
    best = min(curve, key=lambda row: float(row["validation loss"]))
    return {
        "steps": int(curve[-1]["step"]),
        "best_step": int(best["step"]),
        "minutes": float(curve[-1]["minutes"]),
    }


def note_stages(folder: Path, stages: dict[str, dict]) -> None:
    """Write beside a trained network what each stage of its training was, by its folder.

    ``"."`` is ``folder`` itself. How long a stage took is in the curve in its folder.
    """
    (folder / "stages.json").write_text(json.dumps(stages, indent=2))


def noted_stages(folder: Path) -> dict[str, dict]:
    """Return what `note_stages` wrote, with the steps and minutes that each stage took."""
    stages = json.loads((folder / "stages.json").read_text())
    return {name: stage | summary(folder / name) for name, stage in stages.items()}
