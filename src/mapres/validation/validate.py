"""Global validation: class, resolution in Å with an interval, and a verdict on a claimed value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import __version__
from ..checks.content import content_doubts, forbid_verdict
from ..checks.limits import NYQUIST_SLACK, claim_doubts, limit_doubts, uncertainties
from ..checks.measurements import measure_map
from ..density import (
    Density,
    Progress,
    checked,
    labeled,
    require_same_grid,
    safely_scaled,
    silent,
)
from ..errors import MapContentError
from ..features.distribution import CLASSES, class_of
from ..half_maps import HalfMaps, half_map_doubts, half_map_resolution
from ..mask import flat_solvent, solvent_mask
from ..networks.registry import load
from ..networks.session import AUTO
from ..progress import with_heartbeat
from .prediction import Interval, Prediction, predict_map

# Masks, thresholds and rounding move an FSC resolution, which a claim is, by as much.
FSC_TOLERANCE = 0.1
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
    resolution : Å, the median of the predicted distribution; None from a classifier
    interval : Å, (finer, coarser) ends of the 90% interval; None from a classifier
    claimed : Å, or None where nothing was claimed
    verdict : one of `VERDICTS`, or None where nothing was claimed
    patches : how many patches of the map were read
    warnings : one sentence each
    model : ``name@first 12 digits of the weights' sha256``
    provider : what computed it, as ONNX Runtime calls it
    half_map_fsc : Å where the half maps' masked FSC falls below 0.143, or None
    """

    map: str
    voxel_size: tuple[float, float, float]
    box: tuple[int, ...]
    resolution_class: str
    probabilities: dict[str, float]
    resolution: float | None
    interval: Interval | None
    claimed: float | None
    verdict: str | None
    patches: int
    warnings: tuple[str, ...]
    model: str
    provider: str
    half_map_fsc: float | None = None

    @property
    def model_name(self) -> str:
        """The model's name, without what tells its weights apart."""
        return self.model.rpartition("@")[0]

    def as_json(self) -> dict:
        """Return plain types under the keys of ``mapres validate --json``."""
        return {
            "map": self.map,
            "voxel_size_A": [round(size, 5) for size in self.voxel_size],
            "box": list(self.box),
            "class": self.resolution_class,
            "probabilities": {name: round(p, 4) for name, p in self.probabilities.items()},
            "resolution_A": self.resolution and round(self.resolution, 3),
            "interval_A": self.interval and [round(end, 3) for end in self.interval],
            "claimed_A": self.claimed,
            "verdict": self.verdict,
            "half_map_fsc_A": self.half_map_fsc and round(self.half_map_fsc, 3),
            "patches": self.patches,
            "warnings": list(self.warnings),
            "model": self.model,
            "provider": self.provider,
            "version": __version__,
        }


@with_heartbeat
def validate(
    density: Density,
    *,
    claimed: float | None = None,
    half_maps: HalfMaps | None = None,
    model: str = "default",
    device: str = AUTO,
    progress: Progress = silent,
) -> Validation:
    """Estimate the resolution of a map from the map alone, and judge a claimed value.

    Up to 32 patches of the molecule are read by the network; their distributions over resolution
    are pooled (logarithmically, calibrated on maps never used in training) into one. A classifier
    sees the central 64³ voxels instead and tells the class only.

    Parameters
    ----------
    density : the map
    claimed : Å, what its authors say
    half_maps : if given, their FSC at 0.143 inside the molecule decides the verdict
    model : name of a model, or path of the card of one's own
    device : where it runs: ``auto`` (a GPU where ONNX Runtime has one), ``cpu`` or ``gpu``
    progress : called with (fraction, message); may raise `Cancelled`

    Raises
    ------
    MapContentError, GridMismatchError, ModelError
        See `mapres.density.checked`, `require_same_grid` and `mapres.networks.registry.load`.
    """
    checked(density)
    for half in half_maps or ():
        require_same_grid(density, checked(half), "half map")
    (density,) = safely_scaled((density,))
    half_maps = half_maps and safely_scaled(half_maps)
    if claimed is not None and not (np.isfinite(claimed) and claimed > 0):
        raise MapContentError(f"a claimed resolution of {claimed:g} Å makes no sense; give Å > 0.")
    progress = labeled(progress, Path(model).stem)
    progress(0.0, "loading the model")
    network = load(model, device)
    progress(0.1, "finding the molecule")
    mask, warnings = find_molecule(density)
    measurements = measure_map(density, mask)
    seen = content_doubts(measurements, claimed)
    groundless = forbid_verdict(seen)
    reading = predict_map(density, mask, measurements.spectra, network, progress)
    unsure = uncertainties(reading)
    warnings += [
        *network.notes,
        *seen,
        *claim_doubts(density, claimed),
        *limit_doubts(density, reading),
        *unsure,
    ]
    believed = None if unsure or groundless or FILLS_BOX in warnings else reading.interval
    fsc = None
    if half_maps:
        fsc, suspicions = _half_map_evidence(density, half_maps, mask)
        warnings += suspicions
        believed = (fsc, fsc) if fsc else None
    verdict = None
    if claimed is not None:
        by_class = reading.resolution is None and not half_maps and not groundless
        verdict = (
            _class_verdict(claimed, density.nyquist, reading)
            if by_class
            else _verdict(claimed, density.nyquist, believed)
        )
    return Validation(
        map=density.name,
        voxel_size=density.voxel_size,
        box=tuple(reversed(density.values.shape)),
        resolution_class=reading.resolution_class,
        probabilities=reading.probabilities,
        resolution=reading.resolution,
        interval=reading.interval,
        claimed=claimed,
        verdict=verdict,
        patches=reading.patches,
        warnings=tuple(warnings),
        model=network.label,
        provider=network.provider,
        half_map_fsc=fsc,
    )


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


def _half_map_evidence(
    density: Density, half_maps: HalfMaps, mask: NDArray[np.bool_]
) -> tuple[float | None, list[str]]:
    suspicions = list(half_map_doubts(density, half_maps, mask))
    if suspicions:
        return None, suspicions
    resolution = half_map_resolution(density, half_maps, mask)
    return resolution, [] if resolution else [NO_CORRELATION]


def _verdict(claimed: float, nyquist: float, believed: Interval | None) -> str:
    if claimed < NYQUIST_SLACK * nyquist:
        return "optimistic"
    if believed is None:
        return "cannot tell"
    finest, coarsest = believed
    if max(claimed, nyquist) < finest * (1 - FSC_TOLERANCE):
        return "optimistic"
    return "pessimistic" if claimed > coarsest * (1 + FSC_TOLERANCE) else "consistent"


def _class_verdict(claimed: float, nyquist: float, reading: Prediction) -> str:
    """Judge a claim by its class alone, which is all that a classifier tells."""
    if claimed < NYQUIST_SLACK * nyquist:
        return "optimistic"
    found, said = CLASSES.index(reading.resolution_class), class_of(claimed)
    if found == said:
        return "consistent"
    return "optimistic" if found > said else "pessimistic"
