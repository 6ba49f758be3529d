"""How often each warning about a map is given where it should be, and where not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy import ndimage

from mapres.checks.check import Evidence, Finding, run_checks
from mapres.checks.density import DENSITY
from mapres.checks.limits import LIMITS
from mapres.checks.measurements import measure_map
from mapres.density import Density, checked
from mapres.errors import MapResError
from mapres.fourier import gaussian_low_pass, resize
from mapres.io import read
from mapres.networks.registry import load
from mapres.validation.analysis import find_molecule
from mapres.validation.validate import validate
from training.data.structures import rows
from training.evaluate.tables import Table
from training.simulate.decoys import CELLS, DECOYS
from training.simulate.draw import Example, Ingredients
from training.simulate.examples import examples

SEED = 6000
OPTIMISM = 1.5
FINER = 1.3
# Which rows of the table of checks each is.
WARNINGS = {
    "low-passed": {"low-passed"},
    "sharpened": {"over-sharpened"},
    "inverted": {"inverted"},
    "calculated": {"calculated"},
    "flat": {"flat solvent"},
    "quiet": {"quiet solvent"},
    "no molecule": {"empty", "featureless", "gradient", "noise"},
    "crystal": {"crystal", "filled box"},
    "near Nyquist": {"near Nyquist"},
}
NOTES = (
    "Ordinary maps are simulated and treated as depositors do; all other kinds but noise-free maps "
    "are made from them. Maps between what should and what should not be warned of are left out.",
    "",
    "- **low-passed**: the claim is the half-map FSC resolution or, where two voxels allow it, "
    f"that divided by {OPTIMISM}.",
    "- **sharpened**: by the fraction of the overall B factor that was taken back. Without FSC "
    "weights noise is amplified from 0.6 on: such maps up to 1.1 are left out, as are weighted "
    "ones from 0.9 to 1.1, and sharper ones filtered coarser than their resolution.",
    "- **quiet**: of maps without a mask, the solvent beyond 5 Å, over an edge of 2 Å, is made a "
    "hundred times weaker or blurred to three times the resolution; or beyond 4 Å it is set to 0 "
    f"and the map then resampled {FINER} times finer.",
    "- **no molecule**: of each map a third of the kinds is made, on its grid and as large as its "
    "molecule. Ordinary maps get this warning where sharpening drowned the molecule in noise.",
    "- **crystal**: the warning that density fills the box or touches all six faces of it.",
    "- **near Nyquist**: by the resolution that the default model predicts.",
)


@dataclass(frozen=True)
class Trial:
    """One map, and whether a warning was given of it.

    Attributes
    ----------
    warning : one of `WARNINGS`
    what : which maps
    due : whether the warning should be given
    given : whether it was
    """

    warning: str
    what: str
    due: bool
    given: bool


def measure(data: Path, count: int, out: Path) -> None:
    """Try the warnings on ``count`` maps of the test split, and on published ones."""
    trials = []
    for k, example in enumerate(examples(data, "test", SEED, count)):
        known = _measured(example.density)
        trials += [*_claim_trials(example, *known), *_plain_trials(example, *known)]
        trials += _solvent_trials(example)
        trials += [*_decoy_trials(example, k), *_limit_trials(example)]
    for example in examples(data, "test", SEED, count, Ingredients(noise=False)):
        trials.append(_trial("calculated", "noise-free maps", True, _found(example.density)))
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


def _measured(density: Density) -> tuple[list[Finding], Evidence]:
    mask, findings = find_molecule(density)
    return findings, Evidence(density, measurements=measure_map(density, mask))


def _found(density: Density, claimed: float | None = None) -> list[Finding]:
    findings, evidence = _measured(density)
    return [*findings, *run_checks(DENSITY, evidence.with_(claimed=claimed))]


def _trial(warning: str, what: str, due: bool, found: list[Finding]) -> Trial:
    names = {finding.check.name for finding in found}
    return Trial(warning, what, due, bool(names & WARNINGS[warning]))


def _claim_trials(e: Example, findings: list[Finding], evidence: Evidence) -> Iterator[Trial]:
    assert e.made is not None
    low_pass = e.treatment.low_pass or 0.0
    for claimed in (e.made.resolution, e.made.resolution / OPTIMISM):
        ratio = low_pass / claimed
        if claimed < e.density.nyquist or 1.02 <= ratio <= 1.1:
            continue
        what = "filter beyond 1.1 × claim" if ratio > 1.1 else "none, or below 1.02 × claim"
        found = [*findings, *run_checks(DENSITY, evidence.with_(claimed=claimed))]
        yield _trial("low-passed", what, ratio > 1.1, found)


def _plain_trials(e: Example, findings: list[Finding], evidence: Evidence) -> Iterator[Trial]:
    assert e.made is not None
    treatment, found = e.treatment, [*findings, *run_checks(DENSITY, evidence)]
    if treatment.sharpening > 1.1 and (treatment.low_pass or 0.0) <= e.made.resolution:
        yield _trial("sharpened", "more than 1.1 B", True, found)
    elif not treatment.guinier and treatment.sharpening <= (0.9 if treatment.weights else 0.6):
        yield _trial("sharpened", "up to 0.6 B, with weights 0.9", False, found)
    clipped, quieted = treatment.clipped is not None, treatment.local_filter is not None
    for warning in ("inverted", "calculated", "no molecule", "crystal"):
        if warning != "calculated" or not clipped:
            yield _trial(warning, "ordinary maps", False, found)
    masked = treatment.mask_distance is not None
    # What is below a level is constant as well, and a local filter quiets the solvent.
    if treatment.solvent_kept == 0 and not clipped:
        yield _trial("flat", "masked" if masked else "not masked", masked, found)
    if not (masked or clipped or quieted):
        yield _trial("quiet", "not masked", False, found)
    values = e.density.values
    inverted, cut = (e.density.with_values(v) for v in (-values, np.maximum(values, 0)))
    yield _trial("inverted", "ordinary maps inverted", True, _found(inverted))
    yield _trial("calculated", "cut off at 0", False, _found(cut))
    finer = cut.with_values(ndimage.zoom(cut.values, FINER, order=1))
    yield _trial("calculated", "cut off at 0, then interpolated", False, _found(finer))


def _limit_trials(e: Example) -> Iterator[Trial]:
    ratio = e.resolution / e.density.nyquist
    if not 1.05 < ratio < 1.2:
        what = "up to 1.05 × Nyquist limit" if ratio < 1.1 else "beyond 1.2 × Nyquist limit"
        answer = validate(e.density)
        predicted = Evidence(e.density, resolution=answer.resolution, interval=answer.interval)
        yield _trial("near Nyquist", what, ratio < 1.1, run_checks(LIMITS, predicted))


def _solvent_trials(e: Example) -> Iterator[Trial]:
    if e.treatment.mask_distance is not None:
        return
    density, values = e.density, e.density.values
    away = ndimage.distance_transform_edt(~e.mask, sampling=density.spacing)
    near = (1 / (1 + np.exp(np.clip((away - 5) / 2, -50, 50)))).astype(np.float32)
    blurred = gaussian_low_pass(values, density.voxel_size, 3 * e.resolution)
    for what, rest in (("solvent × 0.01", 0.01 * values), ("solvent blurred", blurred)):
        quiet = density.with_values(near * values + (1 - near) * rest)
        yield _trial("quiet", what, True, _found(quiet))
    shape = tuple(2 * round(0.5 * FINER * n) for n in values.shape)
    finer = tuple(
        size * n / m
        for size, n, m in zip(density.voxel_size, values.shape[::-1], shape[::-1], strict=True)
    )
    resampled = resize(np.where(away < 4, values, 0), shape)
    masked = replace(density, values=resampled, voxel_size=finer)
    yield _trial("quiet", "masked, then resampled", True, _found(masked))


def _decoy_trials(e: Example, k: int) -> Iterator[Trial]:
    rng = np.random.default_rng([SEED, k, 1])
    for name in list(DECOYS)[k % 3 :: 3]:
        found = _found(e.density.with_values(DECOYS[name](e, rng).astype(np.float32)))
        yield _trial("no molecule", name, True, found)
    for name, make in CELLS.items():
        values = make(e)
        if values is not None:
            yield _trial("crystal", name, True, _found(e.density.with_values(values)))


def _published(folder: Path) -> list[list[str]]:
    """Return every map of ``maps.tsv`` with what is said of it."""
    table = []
    for row in rows(folder / "maps.tsv"):
        claimed = row["published_resolution_A"]
        try:
            density = checked(read(folder / row["file"]))
            found = _found(density, float(claimed) if claimed else None)
            said = " ".join(finding.text for finding in found)
        except MapResError as error:
            said = f"refused: {error}"
        table.append([row["file"], claimed or "unknown", said or "-"])
    return table
