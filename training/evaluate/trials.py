"""Maps with and without a fault, and which warnings are given of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from mapres.checks.check import Evidence, Finding, run_checks
from mapres.checks.density import DENSITY
from mapres.checks.limits import LIMITS, UNLIKE
from mapres.checks.measurements import measure_map
from mapres.density import Density
from mapres.errors import MapContentError
from mapres.fourier import filtered, gaussian_low_pass, resize
from mapres.local.resolution import local_resolution
from mapres.masks.rim import leveled
from mapres.networks.registry import load
from mapres.validation.analysis import find_molecule
from mapres.validation.prediction import distance_from_training
from mapres.validation.validate import validate
from training.simulate.decoys import CELLS, DECOYS
from training.simulate.draw import Example
from training.simulate.treatments.processed import FINER, changed_one_by_one, filtered_in_parts
from training.simulate.treatments.treatment import GAUSSIAN

OPTIMISM = 1.5
# Resolutions between which a spectrum is cut out, in those of the map.
GAP = (2.4, 1.4)
# Which rows of the table of checks each is.
WARNINGS = {
    "low-passed": {"low-passed"},
    "sharpened": {"over-sharpened"},
    "inverted": {"inverted"},
    "calculated": {"calculated"},
    "flat": {"flat solvent"},
    "quiet": {"quiet solvent"},
    "not linear": {"cut off", "cut out", "contrast changed"},
    "filtered in parts": {"filtered in parts"},
    "no molecule": {"empty", "featureless", "gradient", "noise"},
    "crystal": {"crystal", "filled box"},
    "near Nyquist": {"near Nyquist"},
    "unlike": {"unlike training maps"},
}


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


def trials_of(e: Example, rng: np.random.Generator, k: int) -> Iterator[Trial]:
    """Try all warnings on the ``k``-th ordinary map, and on what is made of it."""
    known = _measured(e.density)
    yield from _claim_trials(e, *known)
    yield from _plain_trials(e, *known)
    yield from _unlike_trials(e, known[1])
    yield from _solvent_trials(e)
    yield from _decoy_trials(e, k, rng)
    yield from _limit_trials(e)


def noise_free_trial(e: Example) -> Trial:
    """Return whether a map that was calculated is taken for one."""
    return _trial("calculated", "noise-free maps", True, found(e.density))


def _measured(density: Density) -> tuple[list[Finding], Evidence]:
    density = leveled(density)
    mask, findings = find_molecule(density)
    measurements = measure_map(density, mask)
    unlike = distance_from_training(measurements.spectra, load("default"))
    return findings, Evidence(density, measurements=measurements, unlike=unlike)


def found(density: Density, claimed: float | None = None) -> list[Finding]:
    """Return what the checks of a map find."""
    findings, evidence = _measured(density)
    return [*findings, *run_checks(DENSITY, evidence.with_(claimed=claimed))]


def _trial(warning: str, what: str, due: bool, said: list[Finding]) -> Trial:
    names = {finding.check.name for finding in said}
    return Trial(warning, what, due, bool(names & WARNINGS[warning]))


def _claim_trials(e: Example, findings: list[Finding], evidence: Evidence) -> Iterator[Trial]:
    assert e.made is not None
    if e.treatment.local_filter is not None or e.treatment.filter_shape == GAUSSIAN:
        return
    # Weights by the FSC leave nothing beyond its first zero: a filter at the resolution.
    weights = 0.0 if e.treatment.weights is None else e.made.resolution
    low_pass = max(e.treatment.low_pass or 0.0, weights)
    for claimed in (e.made.resolution, e.made.resolution / OPTIMISM):
        ratio = low_pass / claimed
        if claimed < e.density.nyquist or 1.02 <= ratio <= 1.1:
            continue
        what = "filter beyond 1.1 × claim" if ratio > 1.1 else "none, or below 1.02 × claim"
        said = [*findings, *run_checks(DENSITY, evidence.with_(claimed=claimed))]
        yield _trial("low-passed", what, ratio > 1.1, said)


def _plain_trials(e: Example, findings: list[Finding], evidence: Evidence) -> Iterator[Trial]:
    assert e.made is not None
    treatment, said = e.treatment, [*findings, *run_checks(DENSITY, evidence)]
    if treatment.sharpening > 1.1 and (treatment.low_pass or 0.0) <= e.made.resolution:
        yield _trial("sharpened", "more than 1.1 B", True, said)
    elif not treatment.guinier and treatment.sharpening <= (0.9 if treatment.weights else 0.6):
        yield _trial("sharpened", "up to 0.6 B, with weights 0.9", False, said)
    clipped = treatment.clipped is not None
    quieted = treatment.local_filter is not None or treatment.modified > 0
    for warning in ("inverted", "calculated", "no molecule", "crystal"):
        if warning != "calculated" or not clipped:
            yield _trial(warning, "ordinary maps", False, said)
    masked = treatment.mask_distance is not None
    # What is below a level is constant as well; local filters and density modification quiet it.
    if treatment.solvent_kept == 0 and not clipped:
        yield _trial("flat", "masked" if masked else "not masked", masked, said)
    if not (masked or clipped or quieted):
        yield _trial("quiet", "not masked", False, said)
    values = e.density.values
    inverted, cut = (e.density.with_values(v) for v in (-values, np.maximum(values, 0)))
    yield _trial("inverted", "ordinary maps inverted", True, found(inverted))
    yield _trial("calculated", "cut off at 0", False, found(cut))
    finer = cut.with_values(ndimage.zoom(cut.values, FINER, order=1))
    yield _trial("calculated", "cut off at 0, then interpolated", False, found(finer))
    if not clipped:
        yield _trial("not linear", "ordinary maps", False, said)
        for what, changed in changed_one_by_one(e).items():
            yield _trial("not linear", what, True, found(e.density.with_values(changed)))
        yield from _part_trials(e)


def _part_trials(e: Example) -> Iterator[Trial]:
    """Yield trials of local resolution, of the map and of it filtered in parts."""
    for what, values in {"ordinary maps": e.density.values, **filtered_in_parts(e)}.items():
        try:
            seen = local_resolution(e.density.with_values(values)).local_filter
        except MapContentError:
            continue
        yield Trial("filtered in parts", what, what != "ordinary maps", seen is not None)


def _limit_trials(e: Example) -> Iterator[Trial]:
    ratio = e.resolution / e.density.nyquist
    if not 1.05 < ratio < 1.2:
        what = "up to 1.05 × Nyquist limit" if ratio < 1.1 else "beyond 1.2 × Nyquist limit"
        answer = validate(e.density)
        predicted = Evidence(e.density, resolution=answer.resolution, interval=answer.interval)
        yield _trial("near Nyquist", what, ratio < 1.1, run_checks(LIMITS, predicted))


def _unlike_trials(e: Example, evidence: Evidence) -> Iterator[Trial]:
    yield _trial("unlike", "ordinary maps", False, run_checks((UNLIKE,), evidence))
    coarse, fine = (1 / (times * e.resolution) ** 2 for times in GAP)
    values, size = e.density.values, e.density.voxel_size
    rest = filtered(values, size, lambda s2: np.where((s2 > coarse) & (s2 < fine), 0, 1))
    _, without = _measured(e.density.with_values(rest))
    yield _trial("unlike", "without a band of shells", True, run_checks((UNLIKE,), without))


def _solvent_trials(e: Example) -> Iterator[Trial]:
    if e.treatment.mask_distance is not None:
        return
    density, values = e.density, e.density.values
    away = ndimage.distance_transform_edt(~e.mask, sampling=density.spacing)
    near = (1 / (1 + np.exp(np.clip((away - 5) / 2, -50, 50)))).astype(np.float32)
    blurred = gaussian_low_pass(values, density.voxel_size, 3 * e.resolution)
    for what, rest in (("solvent × 0.01", 0.01 * values), ("solvent blurred", blurred)):
        quiet = density.with_values(near * values + (1 - near) * rest)
        yield _trial("quiet", what, True, found(quiet))
    shape = tuple(2 * round(0.5 * FINER * n) for n in values.shape)
    finer = tuple(
        size * n / m
        for size, n, m in zip(density.voxel_size, values.shape[::-1], shape[::-1], strict=True)
    )
    resampled = resize(np.where(away < 4, values, 0), shape)
    masked = replace(density, values=resampled, voxel_size=finer)
    yield _trial("quiet", "masked, then resampled", True, found(masked))


def _decoy_trials(e: Example, k: int, rng: np.random.Generator) -> Iterator[Trial]:
    for name in list(DECOYS)[k % 3 :: 3]:
        decoy = e.density.with_values(DECOYS[name](e, rng).astype(np.float32))
        yield _trial("no molecule", name, True, found(decoy))
    for name, make in CELLS.items():
        values = make(e)
        if values is not None:
            yield _trial("crystal", name, True, found(e.density.with_values(values)))
