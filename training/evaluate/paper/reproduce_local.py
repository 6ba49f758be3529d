"""The paper's tables 6 and 7 (section 2.4): its U-Nets, by its own protocol and on held-out maps.

By the paper's, cubes of one map are in training and in evaluation, and background counts as the
class 0-2 Å. Split by map, every map is in one of them only and only voxels with a label count;
beside it stands what the most frequent class of each map itself reaches.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from mapres.io import read
from mapres.local.methods import METHODS as TABLE
from training.avramov2019.unets.cube_files import own_labels, read_cubes
from training.avramov2019.unets.cubes import Cubes, divided
from training.avramov2019.unets.fit_unet import accuracies, run_folder
from training.evaluate.real_local import or_reason
from training.evaluate.tables import Table
from training.models.curve import noted_stages

METHODS = {name: TABLE[name].label for name in ("monores", "resmap")}
PAPER_ACCURACY = {
    ("monores", "monores"): 0.883,
    ("monores", "resmap"): 0.594,
    ("resmap", "monores"): 0.889,
    ("resmap", "resmap"): 0.947,
}
PAPER_COUNTS = {"monores": (9670, 1080, 2694), "resmap": (1400, 159, 393)}


@dataclass(frozen=True)
class Runs:
    """Where the U-Nets and what they were trained on are.

    Attributes
    ----------
    cubes : folder with a folder of cubes for each method
    cache : folder of the runs, see `folder`
    width : of the networks
    """

    cubes: Path
    cache: Path
    width: int

    def folder(self, method: str, protocol: str) -> Path:
        """Return the folder of a run; ``protocol`` is ``paper`` or ``split-by-map``."""
        return run_folder(self.cache, method, self.width, protocol)

    def network(self, method: str, protocol: str):
        """Load a trained network.

        Raises
        ------
        FileNotFoundError
            If it was not trained.
        """
        import keras

        path = self.folder(method, protocol) / "best.keras"
        if not path.exists():
            raise FileNotFoundError(f"{path} is missing; run the subcommand fit unet first.")
        return keras.models.load_model(path, compile=False)

    def parts(self, method: str, protocol: str) -> dict[str, Cubes]:
        """Return the cubes of a method, divided as in training."""
        return divided(read_cubes(self.cubes / method)[0], by_map=protocol == "split-by-map")


def table_6(runs: Runs, out: Path) -> None:
    """Write the accuracy of every network on the evaluation cubes of every labeling method."""
    rows = []
    for labels in METHODS:
        for protocol in ("paper", "split-by-map"):
            cubes = runs.parts(labels, protocol)["evaluation"]
            for trained in METHODS:
                found = accuracies(runs.network(trained, protocol), cubes)
                published = PAPER_ACCURACY[labels, trained] if protocol == "paper" else None
                rows.append(
                    [
                        METHODS[labels],
                        METHODS[trained],
                        protocol,
                        len(np.unique(cubes.maps)),
                        len(cubes),
                        "-" if published is None else f"{published:.1%}",
                        *(f"{found[name]:.1%}" for name in ("paper", "in mask", "constant")),
                    ]
                )
    columns = ["labels", "trained on", "protocol", "maps", "cubes", "paper"]
    columns += ["all voxels", "in mask", "constant, in mask"]
    made_by = (
        f"`python -m training reproduce --table 6`: U-Nets of width {runs.width}. In a "
        "comparison across, maps that the other network was trained on are not left out either."
    )
    Table("table-6", "Table 6: accuracy of the U-Nets", made_by, columns, rows).write(out)


def table_6_widths(runs: Runs, out: Path) -> None:
    """Write what each trained width reaches on its own labels, beside what it weighs."""
    rows = []
    for labels, name in METHODS.items():
        for run in sorted(runs.cache.glob(f"unet-{labels}-*-*/best.keras")):
            width, protocol = run.parent.name.split("-", 3)[2:]
            at_width = replace(runs, width=int(width))
            network = at_width.network(labels, protocol)
            cubes = at_width.parts(labels, protocol)["evaluation"]
            found = accuracies(network, cubes)
            size = 2e-6 * network.count_params()
            scores = (f"{found[column]:.1%}" for column in ("paper", "in mask", "constant"))
            steps = sum(stage["steps"] for stage in noted_stages(run.parent).values())
            rows.append([name, protocol, int(width), f"{size:.1f}", steps, len(cubes), *scores])
    columns = ["labels", "protocol", "width", "MB in float16", "steps", "cubes"]
    columns += ["all voxels", "in mask", "constant, in mask"]
    made_by = "`python -m training reproduce --table 6`: every width that was trained."
    rows.sort(key=lambda row: row[:3])
    Table("table-6-widths", "Table 6: widths of the U-Nets", made_by, columns, rows).write(out)


def figure_6(maps: list[Path], out: Path) -> None:
    """Draw maps and their labels as the paper's figure 6, by both methods, and tabulate medians."""
    from training.evaluate.figures import labels_figure

    found, rows = [], []
    for path in maps:
        density = read(path)
        results = {
            name: or_reason(partial(own_labels, density, method))
            for method, name in METHODS.items()
        }
        found.append((density, results))
        cells = [r if isinstance(r, str) else f"{r.median:.2f}" for r in results.values()]
        rows.append([density.name, *cells])
    labels_figure(found, out / "figure-6.png")
    title = "Figure 6: maps and their labels"
    made_by = "`python -m training reproduce --figure 6`: drawn are those that have labels."
    columns = ["map", *(f"{name}: median Å" for name in METHODS.values())]
    notes = ["![Maps and their labels](figure-6.png)"]
    Table("figure-6", title, made_by, columns, rows, notes).write(out)


def table_7(runs: Runs, out: Path) -> None:
    """Write how many cubes, of how many maps, each set has."""
    rows = []
    for method, name in METHODS.items():
        for protocol in ("paper", "split-by-map"):
            parts = runs.parts(method, protocol)
            for (part, cubes), published in zip(parts.items(), PAPER_COUNTS[method], strict=True):
                maps = len(np.unique(cubes.maps))
                cell = published if protocol == "paper" else "-"
                rows.append([name, protocol, part, cell, len(cubes), maps])
    columns = ["labels", "protocol", "set", "paper", "cubes", "maps"]
    made_by = "`python -m training reproduce --table 7`."
    Table("table-7", "Table 7: cubes", made_by, columns, rows).write(out)
