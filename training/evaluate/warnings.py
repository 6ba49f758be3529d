"""How often each warning about a map is given where it should be, and where not."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from mapres.density import checked
from mapres.errors import MapResError
from mapres.io import read
from mapres.networks.registry import load
from training.data.structures import rows
from training.evaluate.tables import Table
from training.evaluate.trials import (
    FINER,
    GAP,
    OPTIMISM,
    WARNINGS,
    Trial,
    found,
    noise_free_trial,
    trials_of,
)
from training.simulate.draw import Ingredients
from training.simulate.examples import examples
from training.simulate.treatments.processed import COARSER, CONTOUR, OWN

SEED = 6000
NOTES = (
    "Ordinary maps are simulated and treated as depositors do; all other kinds but noise-free maps "
    "are made from them. Maps between what should and what should not be warned of are left out.",
    "",
    "- **low-passed**: the claim is the half-map FSC resolution or, where two voxels allow it, "
    f"that divided by {OPTIMISM}. Weights by the FSC are a filter at the resolution.",
    "- **sharpened**: by the fraction of the overall B factor that was taken back. Without FSC "
    "weights noise is amplified from 0.6 on: such maps up to 1.1 are left out, as are weighted "
    "ones from 0.9 to 1.1, and sharper ones filtered coarser than their resolution.",
    "- **quiet**: of maps without a mask, the solvent beyond 5 Å, over an edge of 2 Å, is made a "
    "hundred times weaker or blurred to three times the resolution; or beyond 4 Å it is set to 0 "
    f"and the map then resampled {FINER} times finer.",
    f"- **not linear**: cut off at a level, or set to 0 below {CONTOUR} of the molecule's height "
    "above the solvent, or that near to it; interpolated after that; or changed by a curve. Noise "
    "in the solvent shows the last two, so that masked maps pass; networks leave no solvent.",
    f"- **filtered in parts**: by `localres`; a half of the molecule filtered at {COARSER} × the "
    f"resolution, or every place at {OWN} × its own.",
    "- **no molecule**: of each map a third of the kinds is made, on its grid and as large as its "
    "molecule. Ordinary maps get this warning where sharpening drowned the molecule in noise.",
    "- **crystal**: the warning that density fills the box or touches all six faces of it.",
    "- **near Nyquist**: by the resolution that the default model predicts.",
    "- **unlike**: the spectra are unlike those of the maps that the default model was trained on; "
    f"of every map the band from {GAP[0]} to {GAP[1]} times its resolution is cut out.",
)


def measure(data: Path, count: int, out: Path) -> None:
    """Try the warnings on ``count`` maps of the test split, and on published ones."""
    trials = []
    for k, example in enumerate(examples(data, "test", SEED, count)):
        trials += trials_of(example, np.random.default_rng([SEED, k, 1]), k)
    for example in examples(data, "test", SEED, count, Ingredients(noise=False)):
        trials.append(noise_free_trial(example))
    made_by = (
        f"`python -m training warnings --maps {count}`: {count} maps of the test split and as many "
        f"noise-free ones, seed {SEED}; model {load('default').label}."
    )
    columns = ["warning", "maps", "should be given", "n", "given", "fraction"]
    title = "How often warnings are given"
    Table("warnings", title, made_by, columns, _counted(trials), NOTES).write(out)
    columns, title = ["map", "claimed (Å)", "warnings"], "Warnings about published maps"
    made_by = (
        "`python -m training warnings`. No threshold was set with these maps; that for calculated "
        "ones was raised, on simulated maps cut off at 0 and interpolated, after the crop of "
        "EMD-7795, which is one, had been taken for calculated; it still is."
    )
    Table("warnings-real", title, made_by, columns, _published(data / "maps")).write(out)


def _counted(trials: list[Trial]) -> list[list]:
    groups: dict[tuple[str, bool, str], list[bool]] = {}
    for trial in trials:
        groups.setdefault((trial.warning, not trial.due, trial.what), []).append(trial.given)
    return [
        [warning, what, "no" if spared else "yes", len(given), sum(given), f"{np.mean(given):.1%}"]
        for name in WARNINGS
        for (warning, spared, what), given in sorted(groups.items())
        if warning == name
    ]


def _published(folder: Path) -> list[list[str]]:
    """Return every map of ``maps.tsv`` with what is said of it."""
    table = []
    for row in rows(folder / "maps.tsv"):
        claimed = row["published_resolution_A"]
        try:
            density = checked(read(folder / row["file"]))
            findings = found(density, float(claimed) if claimed else None)
            said = " ".join(finding.text for finding in findings)
        except MapResError as error:
            said = f"refused: {error}"
        table.append([row["file"], claimed or "unknown", said or "-"])
    return table
