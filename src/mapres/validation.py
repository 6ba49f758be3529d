"""Global validation: class, resolution in Å with an interval, and a verdict on a claimed value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from . import __version__, models, preprocess
from .density import Density, Progress, checked, require_same_grid, silent
from .distribution import CENTRES, probability_below, quantile
from .errors import MapContentError
from .halves import HalfMaps, half_map_doubts, half_map_resolution
from .mask import flat_solvent, solvent_mask
from .models import Calibration, Predict

CLASSES = ("high", "medium", "low")
CLASS_LIMITS = (5.0, 10.0)
MAX_PATCHES = 32
BATCH = 8
# Ends of the interval a factor 2 apart: the answer is not even a class.
WIDE_INTERVAL = 2.0
# Claims are rounded to a tenth of an Å and voxel sizes are calibrated to about 1 %.
NYQUIST_SLACK = 0.98
# Masks, thresholds and rounding move an FSC resolution, which a claim is, by as much.
FSC_TOLERANCE = 0.1
# The training maps end at 30 Å.
COARSEST = 30.0
NO_CORRELATION = "The half maps do not correlate inside the molecule at any resolution."
FILLS_BOX = "Density fills the box: no solvent was found around a molecule."
VERDICTS = ("consistent", "optimistic", "pessimistic", "cannot tell")


@dataclass(frozen=True)
class Validation:
    """What one map says of its own resolution.

    Attributes
    ----------
    map : name of the map
    voxel_size : Å along x, y, z
    box : voxels along x, y, z
    resolution_class : ``high`` (< 5 Å), ``medium`` (5-10 Å) or ``low`` (> 10 Å)
    probabilities : of each class, summing to 1
    resolution : Å, the median of the predicted distribution
    interval : Å, (finer, coarser) ends of the 90 % interval
    claimed : Å, or None where nothing was claimed
    verdict : one of `VERDICTS`, or None where nothing was claimed
    patches : how many patches of the map were read
    warnings : one sentence each
    model : ``name@first 12 digits of the weights' sha256``
    half_map_fsc : Å where the half maps' masked FSC falls below 0.143, or None
    """

    map: str
    voxel_size: tuple[float, float, float]
    box: tuple[int, ...]
    resolution_class: str
    probabilities: dict[str, float]
    resolution: float
    interval: tuple[float, float]
    claimed: float | None
    verdict: str | None
    patches: int
    warnings: tuple[str, ...]
    model: str
    half_map_fsc: float | None = None

    def as_json(self) -> dict:
        """Return plain types under the keys of ``mapres validate --json``."""
        return {
            "map": self.map,
            "voxel_size_A": [round(size, 5) for size in self.voxel_size],
            "box": list(self.box),
            "class": self.resolution_class,
            "probabilities": {name: round(p, 4) for name, p in self.probabilities.items()},
            "resolution_A": round(self.resolution, 3),
            "interval_A": [round(end, 3) for end in self.interval],
            "claimed_A": self.claimed,
            "verdict": self.verdict,
            "half_map_fsc_A": self.half_map_fsc and round(self.half_map_fsc, 3),
            "patches": self.patches,
            "warnings": list(self.warnings),
            "model": self.model,
            "version": __version__,
        }


def validate(
    density: Density,
    *,
    claimed: float | None = None,
    half_maps: HalfMaps | None = None,
    model: str = "default",
    progress: Progress = silent,
) -> Validation:
    """Estimate the resolution of a map from the map alone, and judge a claimed value.

    Up to 32 patches of the molecule are read by the network; their distributions over resolution
    are pooled (logarithmically, calibrated on maps never used in training) into one.

    Parameters
    ----------
    density : the map
    claimed : Å, what its authors say
    half_maps : if given, their FSC at 0.143 inside the molecule decides the verdict
    model : name of a model, or path of the card of one's own
    progress : called with (fraction, message); may raise `Cancelled`

    Raises
    ------
    MapContentError, GridMismatchError, ModelError
        See `mapres.density.checked`, `require_same_grid` and `mapres.models.load`.
    """
    checked(density)
    for half in half_maps or ():
        require_same_grid(density, checked(half), "half map")
    if claimed is not None and not (np.isfinite(claimed) and claimed > 0):
        raise MapContentError(f"a claimed resolution of {claimed:g} Å makes no sense; give Å > 0.")
    progress(0.0, "loading the model")
    network = models.load(model)
    progress(0.1, "finding the molecule")
    mask, warnings = find_molecule(density)
    predictions = read_patches(density, mask, network.predict, progress)
    pooled = pool(predictions, network.calibration)
    low, middle, high = resolution_quantiles(pooled, density.nyquist)
    probabilities = _class_probabilities(pooled, density.nyquist)
    uncertainties = _uncertainties(low, high)
    warnings += [*_doubts(density, middle, claimed), *uncertainties]
    believed = None if uncertainties or FILLS_BOX in warnings else (low, high)
    fsc = None
    if half_maps:
        fsc, suspicions = _half_map_evidence(density, half_maps, mask)
        warnings += suspicions
        believed = (fsc, fsc) if fsc else None
    return Validation(
        map=density.name,
        voxel_size=density.voxel_size,
        box=tuple(reversed(density.values.shape)),
        resolution_class=max(probabilities, key=probabilities.__getitem__),
        probabilities=probabilities,
        resolution=middle,
        interval=(low, high),
        claimed=claimed,
        verdict=None if claimed is None else _verdict(claimed, density.nyquist, believed),
        patches=len(predictions),
        warnings=tuple(warnings),
        model=network.label,
        half_map_fsc=fsc,
    )


def pool(probabilities: NDArray, calibration: Calibration) -> NDArray[np.float64]:
    """Pool the patches' distributions, shape (n, bins), into the map's, shape (bins,).

    A geometric mean raised to ``sharpness · n ** growth`` (1 would treat the patches as one and the
    same observation, n as independent ones), shifted from local to global, and mixed with a floor.
    """
    power = calibration.sharpness * len(probabilities) ** calibration.growth
    log_mean = np.log(np.asarray(probabilities, dtype=np.float64) + 1e-6).mean(axis=0)
    sharpened = np.exp(power * (log_mean - log_mean.max()))
    moved = np.interp(np.log(CENTRES) - calibration.shift, np.log(CENTRES), sharpened)
    return (1 - calibration.floor) * moved / moved.sum() + calibration.floor / len(moved)


def find_molecule(density: Density) -> tuple[NDArray[np.bool_], list[str]]:
    """Return the molecule, bool (z, y, x), or the whole box, and what to warn of."""
    warnings = []
    if flat_solvent(density.values) is not None:
        warnings.append("The solvent is flat (masked): noise outside the molecule was not seen.")
    try:
        return solvent_mask(density), warnings
    except MapContentError:
        warnings.append(FILLS_BOX)
        return np.ones(density.values.shape, dtype=bool), warnings


def read_patches(
    density: Density, mask: NDArray[np.bool_], predict: Predict, progress: Progress
) -> NDArray[np.float32]:
    """Return the distribution of every patch, shape (n, bins)."""
    centres = preprocess.patch_centres(mask, density.spacing, MAX_PATCHES)
    # A small molecule has few patches: each is read in up to four orientations instead.
    turns = int(np.clip(12 // len(centres), 1, 4))
    out = []
    for start in range(0, len(centres), BATCH):
        progress(0.2 + 0.8 * start / len(centres), f"reading {len(centres)} patches")
        patches = preprocess.cut_patches(density, centres[start : start + BATCH])
        turned = [predict(np.rot90(patches, k, axes=(1, 3))) for k in range(turns)]
        out.append(np.exp(np.log(np.stack(turned) + 1e-6).mean(axis=0)))
    return np.concatenate(out)


def _half_map_evidence(
    density: Density, half_maps: HalfMaps, mask: NDArray[np.bool_]
) -> tuple[float | None, list[str]]:
    suspicions = list(half_map_doubts(density, half_maps, mask))
    if suspicions:
        return None, suspicions
    resolution = half_map_resolution(density, half_maps, mask)
    return resolution, [] if resolution else [NO_CORRELATION]


def resolution_quantiles(pooled: NDArray, nyquist: float) -> tuple[float, float, float]:
    """Return the 5, 50 and 95 % points of a distribution (Å), never finer than ``nyquist``."""
    low, middle, high = (max(quantile(pooled, level), nyquist) for level in (0.05, 0.5, 0.95))
    return low, middle, high


def _class_probabilities(pooled: NDArray, nyquist: float) -> dict[str, float]:
    # Resolutions finer than two voxels stand for two voxels, and count for the class of that.
    limits = [-np.inf, *CLASS_LIMITS, np.inf]
    below = [probability_below(pooled, limit) if limit > nyquist else 0.0 for limit in limits]
    return dict(zip(CLASSES, map(float, np.diff(below)), strict=True))


def _doubts(density: Density, resolution: float, claimed: float | None) -> list[str]:
    doubts = []
    nyquist = density.nyquist
    if claimed is not None and claimed < NYQUIST_SLACK * nyquist:
        doubts.append(f"The claim of {claimed:g} Å is finer than two voxels ({nyquist:.2f} Å).")
    if resolution < 1.1 * nyquist:
        doubts.append(
            f"The resolution is at the limit of the voxel size: two voxels are {nyquist:.2f} Å."
        )
    if resolution < 2.1:
        doubts.append("The model cannot tell resolutions finer than 2 Å apart.")
    return doubts


def _uncertainties(low: float, high: float) -> list[str]:
    """Say why the network's interval is no ground for a verdict; nothing where it is."""
    uncertainties = []
    if high > COARSEST:
        uncertainties.append(f"Resolutions beyond {COARSEST:.0f} Å are outside the model's range.")
    if high > WIDE_INTERVAL * low:
        uncertainties.append(
            "The answer is uncertain: the ends of the interval differ by more than a factor of 2."
        )
    return uncertainties


def _verdict(claimed: float, nyquist: float, believed: tuple[float, float] | None) -> str:
    if claimed < NYQUIST_SLACK * nyquist:
        return "optimistic"
    if believed is None:
        return "cannot tell"
    finest, coarsest = believed
    if max(claimed, nyquist) < finest * (1 - FSC_TOLERANCE):
        return "optimistic"
    return "pessimistic" if claimed > coarsest * (1 + FSC_TOLERANCE) else "consistent"
