"""How often half maps are warned of, rightly and wrongly, and what verdicts they give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.checks.check import FINER, discredited
from mapres.checks.half_map_measurements import measure_half_maps
from mapres.checks.half_maps import AGREEMENT, PAIR, fsc_of, half_map_findings
from mapres.half_maps import HalfMaps
from mapres.networks.registry import load
from mapres.validation.analysis import Analysis
from mapres.validation.molecule import FscMask, find_molecule
from mapres.validation.verdict import CONSISTENT, INCONCLUSIVE, verdict_by_half_maps
from training.evaluate.claims import analyzed
from training.evaluate.tables import Table
from training.particles.sets import stored
from training.simulate.draw import Example
from training.simulate.examples import examples
from training.simulate.half_map_faults import DIPPING, FAULTS, Pair

SEED = 7100
# Each set is tried with every n-th fault.
EVERY = 5
# Claims, over what is true: of these, a finer one must not pass.
FINE = 1 / 1.5
SOUND, IN_MASK = "sound, simulated", "sound, simulated, in the mask of the laboratory"
RECONSTRUCTED = "sound, RELION's reconstructions"
# Noise in a band moves the FSC by more than this, unless the mask smears the few shells of the
# band: then there is nothing to warn of.
UNMOVED, MOVED = f"{DIPPING}, FSC unmoved", 1.2
ROWS = {check.name for check in (*PAIR, *AGREEMENT)}
NOTES = (
    "Sound half maps are those of simulated maps, all as their depositors treat them, and of "
    "RELION's reconstructions; the others are made from simulated ones, each set with every "
    f"{EVERY}th fault. A warning is counted as right if it names the fault. Noise in a band does "
    "not move the FSC where the mask smears the few shells of the band.",
    "",
    "The true resolution is that of the FSC in the mask of a laboratory, which reaches 0 to 8 Å "
    "beyond the molecule; `validate` finds one of its own, or is given that.",
    "",
    "Verdicts are on the true resolution of the half maps, and on a claim that is 1.5 times finer, "
    "or at two voxels if that is coarser.",
)


@dataclass(frozen=True)
class Trial:
    """One pair of half maps.

    Attributes
    ----------
    what : which kind
    named : whether the warning that is due was given; of sound ones, whether any was
    verdicts : on the true claim and on a finer one
    said : names of the warnings
    """

    what: str
    named: bool
    verdicts: tuple[str, str]
    said: tuple[str, ...] = ()


def measure(data: Path, count: int, reconstructions: Path | None, out: Path) -> None:
    """Try ``count`` simulated sets of the validation split, and all reconstructions of a folder."""
    trials = []
    for k, example in enumerate(examples(data, "validation", SEED, count)):
        if example.half_maps is not None:
            trials += trials_of(example, k)
    for made in stored(reconstructions) if reconstructions else ():
        analysis = analyzed(made.density("raw"), "default", made.half_maps)
        trials.append(sound_trial(RECONSTRUCTED, analysis, made.resolution))
    for trial in trials:
        if trial.what not in FAULTS and trial.said:
            print(f"{trial.what}: {', '.join(trial.said)}; {trial.verdicts[0]}")
    made_by = (
        f"`python -m training half-maps --maps {count}`: {count} sets of the validation split, "
        f"seed {SEED}; model {load('default').label}."
    )
    columns = ["half maps", "n", "warned of", "true claim: consistent", "inconclusive"]
    columns += ["finer claim: consistent", "inconclusive"]
    title = "Warnings about half maps, and verdicts by them"
    Table("half-maps", title, made_by, columns, rows(trials), NOTES).write(out)


def rows(trials: list[Trial]) -> list[list]:
    """Count trials by kind, in the order in which these first occur in the table of faults."""
    kinds = [SOUND, IN_MASK, RECONSTRUCTED, *FAULTS, UNMOVED]
    groups = {kind: [trial for trial in trials if trial.what == kind] for kind in kinds}
    table = []
    for kind, group in groups.items():
        if group:
            shares = [
                np.mean([trial.verdicts[k] == verdict for trial in group])
                for k in (0, 1)
                for verdict in (CONSISTENT, INCONCLUSIVE)
            ]
            named = np.mean([trial.named for trial in group])
            table.append([kind, len(group), *(f"{share:.1%}" for share in (named, *shares))])
    return table


def trials_of(example: Example, k: int) -> Iterator[Trial]:
    """Try the half maps of the ``k``-th simulated map, and what is made of them."""
    assert example.made is not None and example.half_maps is not None
    resolution = example.made.resolution
    analysis = analyzed(example.density, "default", example.half_maps)
    yield sound_trial(SOUND, analysis, resolution)
    yield measured_trial(IN_MASK, analysis, example.half_maps, resolution, example.made.soft_mask)
    for number, name in enumerate(FAULTS):
        if number % EVERY == k % EVERY:
            rng = np.random.default_rng([SEED, k, number])
            pair = Pair(example.half_maps, example.mask, resolution, rng)
            yield measured_trial(name, analysis, FAULTS[name][0](pair), resolution)


def sound_trial(what: str, analysis: Analysis, resolution: float) -> Trial:
    """Return what is said of sound half maps."""
    said = tuple(f.check.name for f in analysis.of_half_maps if f.check.name in ROWS)
    verdicts = tuple(
        analysis.judged(claim).verdict or ""
        for claim in _claims(resolution, analysis.evidence.density.nyquist)
    )
    return Trial(what, bool(said), (verdicts[0], verdicts[1]), said)


def measured_trial(
    what: str,
    analysis: Analysis,
    half_maps: HalfMaps,
    resolution: float,
    mask: NDArray | None = None,
) -> Trial:
    """Return what is said of other half maps, or in another mask, beside an analyzed map."""
    density = analysis.evidence.density
    molecule, of_molecule = find_molecule(density)
    if mask is None:
        found = FscMask.of(analysis.evidence, molecule, of_molecule, half_maps, None)
        pair = measure_half_maps(half_maps, found.molecule, density, found.soft)
    else:
        pair = measure_half_maps(half_maps, molecule, density, mask, given_mask=True)
    evidence = analysis.evidence.with_(half_maps=pair)
    findings = half_map_findings(evidence)
    fsc, limited = fsc_of(evidence, findings), FINER in discredited(findings)
    first, second = (
        verdict_by_half_maps(
            claim,
            density.nyquist,
            fsc,
            pair.fsc_range,
            limited=limited,
            undecided_to=pair.undecided_to,
        )
        for claim in _claims(resolution, density.nyquist)
    )
    said = tuple(finding.check.name for finding in findings)
    due = FAULTS[what][1] if what in FAULTS else said
    if what == DIPPING and pair.fsc and pair.fsc < MOVED * resolution:
        what = UNMOVED
    return Trial(what, bool(set(due) & set(said)), (first, second), said)


def _claims(resolution: float, nyquist: float) -> tuple[float, float]:
    return resolution, max(FINE * resolution, nyquist)
