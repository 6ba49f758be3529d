"""Drawing at random what is done to a full map, by the programs that people use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from training.simulate.recipe import log_uniform
from training.simulate.reconstruct import Reconstruction
from training.simulate.treatments.treatment import BUTTERWORTH, GAUSSIAN, ROOT, WIENER, Treatment


def draw_treatment(made: Reconstruction, rng: np.random.Generator) -> Treatment:
    """Draw what happens to a full map before it is deposited."""
    kind = str(rng.choice(list(SHARES), p=list(SHARES.values())))
    return _stored(replace(KINDS[kind](made, rng), kind=kind), rng)


def draw_post_masked(made: Reconstruction, rng: np.random.Generator) -> Treatment:
    """Draw a treatment by RELION's postprocess, with its mask and without a low-pass filter.

    Inside a mask there is no solvent to tell where the noise begins, and nothing but the weights
    ends the spectrum: of all maps these are read least well.
    """
    treatment = _masked(replace(_weighted(made, rng), kind="RELION"), made)
    return _stored(treatment, rng)


def _stored(treatment: Treatment, rng: np.random.Generator) -> Treatment:
    """Leave only the sphere of a reconstruction, store 8 bits, or cut values off, now and then."""
    treatment = replace(
        treatment,
        sphere=rng.random() < 0.25,
        bits=8 if rng.random() < 0.04 else 32,
    )
    if rng.random() < 0.05:
        # Negative values, or what is below a contour level.
        level = 0.0 if rng.random() < 0.5 else rng.uniform(0.02, 0.3)
        treatment = replace(treatment, clipped=level)
    return treatment


def _raw(made: Reconstruction, rng: np.random.Generator) -> Treatment:
    return _maybe_masked(Treatment(), made, rng, 0.25)


def _refined(made: Reconstruction, rng: np.random.Generator) -> Treatment:
    """Weights as refinement leaves them; the FSC that it knows is often that of the whole box."""
    treatment = Treatment(weights=WIENER, fsc_in_mask=rng.random() < 0.75)
    return _maybe_masked(treatment, made, rng, 0.3)


def _relion(made: Reconstruction, rng: np.random.Generator) -> Treatment:
    """RELION's postprocess, with an automatic B factor, mostly without a low-pass filter.

    It fits the Guinier plot as far as there are weights, noise and all, unless it is told where to
    end. Before version 3.1 it filtered at the resolution, over an edge of two shells.
    """
    recipe, limit = made.recipe, made.resolution
    treatment = _weighted(made, rng)
    if rng.random() < 0.2:
        box = recipe.shape[0] * recipe.voxel_size
        low_pass = max(limit, 2 * recipe.voxel_size)
        treatment = replace(treatment, low_pass=low_pass, filter_edge=limit / box)
    return _masked(treatment, made) if rng.random() < 0.6 else treatment


def _weighted(made: Reconstruction, rng: np.random.Generator) -> Treatment:
    """Return weights by the FSC, and over which range the Guinier plot is fitted."""
    coarse, fine = _guinier_range(made)
    return Treatment(weights=ROOT, guinier=(coarse, 0.0 if rng.random() < 0.85 else fine))


def _masked(treatment: Treatment, made: Reconstruction) -> Treatment:
    """Cut with the mask of the FSC."""
    recipe = made.recipe
    return replace(treatment, mask_distance=recipe.mask_distance, mask_edge=recipe.mask_edge)


def _cryosparc(made: Reconstruction, rng: np.random.Generator) -> Treatment:
    """CryoSPARC's sharpening: a B factor, weights, and a Butterworth filter at the resolution."""
    guinier = rng.random() < 0.7
    treatment = Treatment(
        weights=ROOT if rng.random() < 0.7 else WIENER,
        guinier=_guinier_range(made) if guinier else None,
        sharpening=0.0 if guinier else rng.uniform(0.3, 1.1),
        low_pass=max(made.resolution, 2 * made.recipe.voxel_size),
        filter_shape=BUTTERWORTH,
    )
    return _maybe_masked(treatment, made, rng, 0.3)


def _by_hand(made: Reconstruction, rng: np.random.Generator) -> Treatment:
    """Sharpen, blur and filter as one likes, with weights or without."""
    sharpening = rng.uniform(0.2, 1.25) if rng.random() < 0.65 else 0.0
    if sharpening == 0 and rng.random() < 0.4:
        # Blurred instead: interpolation, Gaussian filters, weights meant for another resolution.
        sharpening = -rng.uniform(0.1, 0.8)
    treatment = Treatment(
        weights=ROOT if rng.random() < 0.5 else None,
        sharpening=sharpening,
        low_pass=_near_limit(made, rng) if sharpening > 0 or rng.random() < 0.5 else None,
        filter_edge=log_uniform(rng, 0.02, 0.5),
    )
    return _maybe_masked(treatment, made, rng, 0.5)


def _local(made: Reconstruction, rng: np.random.Generator) -> Treatment:
    """Filter by local resolution, and mostly quiet the solvent, as programs that denoise do."""
    treatment = Treatment(
        weights=ROOT if rng.random() < 0.5 else None,
        sharpening=rng.uniform(0.3, 1.0) if rng.random() < 0.7 else 0.0,
        local_filter=rng.uniform(0.85, 1.1),
    )
    return _maybe_masked(treatment, made, rng, 0.7)


def _density_modified(made: Reconstruction, rng: np.random.Generator) -> Treatment:
    """Sharpened, and quieted wherever there is no more than noise."""
    treatment = Treatment(
        weights=ROOT,
        guinier=_guinier_range(made),
        modified=rng.uniform(0.4, 1.0),
    )
    return _maybe_masked(treatment, made, rng, 0.3)


def _heavily_filtered(made: Reconstruction, rng: np.random.Generator) -> Treatment:
    """As older maps are: a filter well before the limit, or where FSC is 0.5, often Gaussian."""
    treatment = Treatment(
        sharpening=rng.uniform(-0.3, 0.6),
        low_pass=max(made.resolution * log_uniform(rng, 1.05, 2.2), 2 * made.recipe.voxel_size),
        filter_shape=GAUSSIAN if rng.random() < 0.5 else BUTTERWORTH,
    )
    return _maybe_masked(treatment, made, rng, 0.3)


# How often a map is left or treated so. Those that RELION post-processed look much like some that
# are filtered by hand, and are far more frequent.
SHARES = {
    "raw": 0.11,
    "refined": 0.14,
    "RELION": 0.41,
    "cryoSPARC": 0.10,
    "by hand": 0.13,
    "filtered locally": 0.03,
    "density modified": 0.03,
    "filtered heavily": 0.05,
}
KINDS: dict[str, Callable[[Reconstruction, np.random.Generator], Treatment]] = {
    "raw": _raw,
    "refined": _refined,
    "RELION": _relion,
    "cryoSPARC": _cryosparc,
    "by hand": _by_hand,
    "filtered locally": _local,
    "density modified": _density_modified,
    "filtered heavily": _heavily_filtered,
}


def _guinier_range(made: Reconstruction) -> tuple[float, float]:
    """Return where Guinier plots are fitted, Å: from 10, or 1.5 times a coarse map's resolution."""
    return max(10.0, 1.5 * made.resolution), made.resolution


def _near_limit(made: Reconstruction, rng: np.random.Generator) -> float:
    """Return a low-pass filter (Å); most people filter at what they report, some well before."""
    factor = rng.uniform(0.8, 1.02) if rng.random() < 0.8 else log_uniform(rng, 1.02, 2.0)
    return max(made.resolution * factor, 2 * made.recipe.voxel_size)


def _maybe_masked(
    treatment: Treatment, made: Reconstruction, rng: np.random.Generator, share: float
) -> Treatment:
    """Mask a map, in so many cases, softly or hard; of every fifth leave something outside."""
    if rng.random() >= share:
        return treatment
    hard = rng.random() < 0.3
    treatment = replace(
        treatment,
        mask_distance=rng.uniform(-2, 4) if hard else rng.uniform(1, 15),
        mask_edge=0.0 if hard else rng.uniform(2, 10),
    )
    return _quieted(treatment, made.resolution, rng) if rng.random() < 0.2 else treatment


def _quieted(treatment: Treatment, limit: float, rng: np.random.Generator) -> Treatment:
    """Leave something of the solvent outside the mask, every other time filtered as well."""
    kept = log_uniform(rng, 0.01, 1.0)
    low_pass = limit * rng.uniform(1.5, 4) if rng.random() < 0.5 else None
    return replace(treatment, solvent_kept=kept, solvent_low_pass=low_pass)
