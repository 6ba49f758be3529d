"""The paper's tables 1 to 5 and figures 2 and 3: the paper, its networks retrained, our default."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from mapres.density import Density
from mapres.errors import MapResError
from mapres.features.distribution import CLASSES, class_of
from mapres.io import read
from mapres.networks.registry import load
from mapres.validation.result import Validation
from mapres.validation.validate import validate
from training.avramov2019.classifiers.paper_maps import VOXEL_SIZE, paper_map, paper_molecules
from training.data.published import Published
from training.data.structures import from_packed
from training.evaluate.paper.confusion import MEASURES, agreement, class_measures, confusion_matrix
from training.evaluate.tables import Table
from training.models.curve import read_curve

SEED = 28
SWEEP = np.arange(1.5, 15.1, 0.5)
# Table 1 of the paper: the first resolution of each class, and the dense network's two outliers.
PAPER_LIMITS = {"dnn": (4.5, 9.0), "cnn": (5.0, 9.0)}
PAPER_OUTLIERS = {("dnn", 7.5): "low", ("dnn", 10.5): "medium"}
# Tables 3 and 4: rows published, columns found, high to low.
PAPER_CONFUSION = {
    "dnn": np.array([[10, 0, 0], [4, 5, 1], [2, 5, 3]]),
    "cnn": np.array([[10, 0, 0], [5, 4, 1], [3, 4, 3]]),
}
NETWORKS = ("dnn", "cnn", "default")
NAMES = {"dnn": "DNN", "cnn": "3D CNN", "default": "default"}
TRAINED = {
    2: "Dense network",
    3: "3D CNN",
    4: "U-Net on MonoRes labels",
    5: "U-Net on ResMap labels",
}
# Of trainings in stages, by the name of a stage's folder.
STAGES = {
    "cubes": "convolutions on cubes",
    "dense": "dense layers on the box",
    "with-dropout": "with dropout",
    "without-dropout": "at last without dropout",
}


@dataclass(frozen=True)
class Predictions:
    """What the three models predict of one map."""

    name: str
    resolution: float
    by_model: dict[str, Validation]
    paper: tuple[str, str] | None = None

    @property
    def published_class(self) -> str:
        """The class of the published or nominal resolution."""
        return CLASSES[class_of(self.resolution)]

    def found(self, model: str) -> str:
        """Return the class that a model found."""
        return self.by_model[model].resolution_class


def made_by(command: str, maps: str) -> str:
    """Return the sentence that says what made a result."""
    labels = ", ".join(load(name).label for name in NETWORKS)
    return f"`python -m training reproduce {command}`: {maps}. Models {labels}."


def table_1(data: Path, out: Path) -> None:
    """Write the paper's sweep: one test molecule at each of 28 resolutions."""
    predictions = list(sweep(data, 1))
    rows = [
        [
            f"{a.resolution:.1f}",
            *(_paper_class(name, a.resolution) for name in ("dnn", "cnn")),
            *(a.found(name) for name in NETWORKS),
            f"{a.by_model['default'].resolution:.2f}",
            a.name,
        ]
        for a in predictions
    ]
    columns = ["Å", "paper DNN", "paper 3D CNN", "DNN", "3D CNN", "default", "default Å", "chain"]
    right = {n: sum(a.found(n) == a.published_class for a in predictions) for n in NETWORKS}
    notes = [
        "In the class of the nominal resolution (a map of exactly 5 Å is medium, of 10 Å low): "
        + ", ".join(f"{NAMES[n]} {right[n]} of {len(predictions)}" for n in NETWORKS)
        + ". The classifiers saw 2.5, 7.5 and 12.5 Å in training, and set limits of their own."
    ]
    count = len(predictions)
    maps = f"{count} noise-free maps of {count} chains of the test split, seed {SEED}"
    title = "Table 1: simulated maps of 1.5 to 15.0 Å"
    Table("table-1", title, made_by("--table 1", maps), columns, rows, notes).write(out)


def table_1_curves(data: Path, out: Path, per_step: int) -> None:
    """Write class probabilities over the sweep with many molecules, as a table and a figure."""
    total = per_step * len(SWEEP)
    predictions = list(tqdm(sweep(data, per_step), total=total, desc="simulated maps", unit=""))
    rows = []
    for resolution in SWEEP:
        here = [a for a in predictions if a.resolution == resolution]
        cells = [f"{resolution:.1f}", len(here)]
        for model in NETWORKS:
            probabilities = [[a.by_model[model].probabilities[c] for c in CLASSES] for a in here]
            right = np.mean([a.found(model) == a.published_class for a in here])
            cells += [*(f"{p:.3f}" for p in np.mean(probabilities, axis=0)), f"{right:.1%}"]
        rows.append(cells)
    columns = ["Å", "n"]
    columns += [f"{NAMES[m]} {what}" for m in NETWORKS for what in (*CLASSES, "right")]
    count = f"{len(predictions)} noise-free maps, {per_step} chains of the test split per step"
    maps = f"{count}, seed {SEED}"
    title = "Class probabilities over simulated maps of 1.5 to 15.0 Å"
    command = f"--table 1 --per-step {per_step}"
    Table("table-1-curves", title, made_by(command, maps), columns, rows).write(out)
    _curves_figure(rows, out / "table-1-curves.png")


def sweep(data: Path, per_step: int) -> Iterator[Predictions]:
    """Yield what the models predict of noise-free maps, other molecules at every resolution."""
    molecules = paper_molecules(data, "test")
    chosen = np.random.default_rng(SEED).permutation(len(molecules))
    for step, resolution in enumerate(SWEEP):
        for k in chosen[step * per_step : (step + 1) * per_step]:
            row = molecules[k]
            structure = from_packed(data / "structures.h5", int(row["index"]))
            values = paper_map(structure, float(resolution))
            density = Density(values, (VOXEL_SIZE,) * 3, name=row["id"])
            yield Predictions(row["id"], float(resolution), _predict_all(density))


def predict_published(maps: Sequence[Published]) -> tuple[list[Predictions], list[str]]:
    """Return what the models predict of published maps, and why some were refused."""
    predictions, refused = [], []
    for published in maps:
        if not published.path.exists():
            refused.append(f"Missing: {published.path.name}.")
            continue
        try:
            by_model = _predict_all(read(published.path), published.resolution)
        except MapResError as error:
            refused.append(f"Refused: {error}")
        else:
            predictions.append(
                Predictions(published.name, published.resolution, by_model, published.paper)
            )
    return predictions, refused


def _predict_all(density: Density, claimed: float | None = None) -> dict[str, Validation]:
    return {name: validate(density, model=name, claimed=claimed) for name in NETWORKS}


def table_2(predictions: list[Predictions], refused: list[str], source: str, out: Path) -> None:
    """Write the class that each model finds for each published map."""
    rows, held = [], 0
    for a in predictions:
        default = a.by_model["default"]
        low, high = default.interval or (np.nan, np.nan)
        held += low <= a.resolution <= high
        rows.append(
            [
                a.name,
                f"{a.resolution:g}",
                *(a.paper or ("-", "-")),
                *(a.found(name) for name in NETWORKS),
                f"{default.probabilities[default.resolution_class]:.2f}",
                f"{default.resolution:.2f} ({low:.1f}-{high:.1f})",
                default.verdict,
            ]
        )
    columns = ["map", "published Å", "paper DNN", "paper 3D CNN", "DNN", "3D CNN", "default"]
    columns += ["p", "default Å (90%)", "verdict"]
    title = "Table 2: published maps"
    text = made_by("--table 2", _count(predictions, source))
    notes = [f"The default's 90% interval holds {held} of {len(predictions)} published values."]
    Table("table-2", title, text, columns, rows, [*notes, *refused]).write(out)


def table_3_4(number: int, predictions: list[Predictions], source: str, out: Path) -> None:
    """Write a confusion matrix: 3 of the dense network, 4 of the 3D CNN, beside our default."""
    model = {3: "dnn", 4: "cnn"}[number]
    published = [a.published_class for a in predictions]
    ours = [
        confusion_matrix(published, [a.found(m) for a in predictions]) for m in (model, "default")
    ]
    matrices = [PAPER_CONFUSION[model], *ours]
    rows = [[c, *(n for m in matrices for n in m[k])] for k, c in enumerate(CLASSES)]
    sources = (f"paper {NAMES[model]}", NAMES[model], "default")
    columns = ["published", *(f"{s}: {c}" for s in sources for c in CLASSES)]
    agreements = ", ".join(
        f"{s} {agreement(m):.1%} of {m.sum()}" for s, m in zip(sources, matrices, strict=True)
    )
    title = f"Table {number}: confusion matrix of the {NAMES[model]}"
    text = made_by(f"--table {number}", _count(predictions, source))
    first = f"Rows are published classes, columns found ones. Agreement: {agreements}."
    notes = [first, _whose(predictions)]
    Table(f"table-{number}", title, text, columns, rows, notes).write(out)


def table_5(predictions: list[Predictions], source: str, out: Path) -> None:
    """Write sensitivity, specificity and predictive values of every model."""
    published = [a.published_class for a in predictions]
    matrices = {f"paper {NAMES[m]}": PAPER_CONFUSION[m] for m in ("dnn", "cnn")}
    for m in NETWORKS:
        matrices[NAMES[m]] = confusion_matrix(published, [a.found(m) for a in predictions])
    rows = [
        [name, c, *("-" if np.isnan(x) else f"{x:.1%}" for x in class_measures(matrix)[k])]
        for name, matrix in matrices.items()
        for k, c in enumerate(CLASSES)
    ]
    text = made_by("--table 5", _count(predictions, source))
    title = "Table 5: performance of the classifiers"
    columns = ["model", "class", *MEASURES]
    Table("table-5", title, text, columns, rows, [_whose(predictions)]).write(out)


def _whose(predictions: list[Predictions]) -> str:
    """Say which maps the paper's numbers are of: those that were predicted, or its own."""
    same = all(answer.paper for answer in predictions)
    others = "the same maps" if same else f"its own thirty maps, ours of {len(predictions)} others"
    return f"The paper's figures are of {others}."


def _count(predictions: list[Predictions], source: str) -> str:
    return f"{len(predictions)} published maps, folder {source}"


def _paper_class(model: str, resolution: float) -> str:
    limits = PAPER_LIMITS[model]
    usual = CLASSES[int(np.searchsorted(limits, resolution, side="right"))]
    return PAPER_OUTLIERS.get((model, resolution), usual)


def training_figures(number: int, run: Path, out: Path) -> None:
    """Draw loss and accuracy over training, of the network that a figure of the paper is of."""
    curves = sorted(run.rglob("curve.csv"))
    if not curves:
        raise FileNotFoundError(f"no curve.csv in {run}; train the network first.")
    for curve in curves:
        name, title = f"figure-{number}", TRAINED[number]
        if len(curves) > 1:
            stage = curve.parent.name
            name, title = f"{name}-{stage}", f"{title}: {STAGES.get(stage, stage)}"
        _training_figure(curve, title, f"--figure {number}", out / name)


def _training_figure(curve: Path, title: str, command: str, path: Path) -> None:
    """Write a curve as a picture, as CSV, and as Markdown: the best check and the last."""
    from training.evaluate.figures import training_figure

    checks = read_curve(curve)
    training_figure(checks, title, path.with_suffix(".png"))
    best = min(checks, key=lambda check: float(check["validation loss"]))
    rows = [[what, *check.values()] for what, check in (("best", best), ("last", checks[-1]))]
    made_by = f"`python -m training reproduce {command}`: {len(checks)} checks on validation maps."
    notes = [f"![{title}]({path.name}.png)"]
    table = Table(path.name, title, made_by, ["check", *checks[0]], rows, notes)
    path.with_suffix(".md").write_text(table.markdown(), encoding="utf-8")
    shutil.copyfile(curve, path.with_suffix(".csv"))


def _curves_figure(rows: list[list], path: Path) -> None:
    from training.evaluate.figures import probability_figure

    probability_figure(rows, [NAMES[m] for m in NETWORKS], path)
