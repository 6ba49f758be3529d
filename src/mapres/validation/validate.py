"""Global validation: class, resolution in Å with an interval, and a verdict on a claimed value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import __version__
from ..checks.check import (
    HALF_MAPS,
    INTERVAL,
    PREDICTION,
    Evidence,
    Finding,
    discredited,
    run_checks,
)
from ..checks.density import DENSITY, MOLECULE
from ..checks.half_map_measurements import measure_half_maps
from ..checks.half_maps import CORRELATION, PAIR
from ..checks.limits import CLAIM, LIMITS
from ..checks.measurements import measure_map
from ..density import Density
from ..errors import MapContentError
from ..half_maps import HalfMaps, checked_with_half_maps, half_map_resolution
from ..mask import flat_solvent, solvent_mask
from ..networks.registry import load
from ..networks.session import AUTO
from ..progress import Progress, labeled, silent, with_heartbeat
from .prediction import Interval, Prediction, predict_map
from .verdict import verdict_by_class, verdict_by_interval


@dataclass(frozen=True)
class Validation:
    """The result of `validate` for one map and model.

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
    patches : number of patches that were used
    warnings : one sentence each
    model : ``name@first 12 digits of the weights' sha256``
    provider : ONNX Runtime's execution provider that ran the model
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
        """The model's name, without the digits of its sha256."""
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

    The network predicts a distribution over resolution for up to 32 patches of the molecule; these
    are pooled (logarithmically, calibrated on maps never used in training) into one. A classifier
    uses the central 64³ voxels instead and predicts the class only.

    Parameters
    ----------
    density : the map
    claimed : Å, the resolution that its authors claim
    half_maps : if given, their FSC at 0.143 inside the molecule decides the verdict
    model : name of a model, or path of a model card
    device : where it runs: ``auto`` (a GPU if ONNX Runtime supports one), ``cpu`` or ``gpu``
    progress : called with (fraction, message); may raise `Cancelled`

    Raises
    ------
    MapContentError, GridMismatchError, ModelError
        See `mapres.half_maps.checked_with_half_maps` and `mapres.networks.registry.load`.
    """
    density, half_maps = checked_with_half_maps(density, half_maps)
    _require_valid(claimed)
    progress = labeled(progress, Path(model).stem)
    progress(0.0, "loading the model")
    network = load(model, device)
    progress(0.1, "finding the molecule")
    molecule, findings = find_molecule(density)
    measurements = measure_map(density, molecule)
    predicted = predict_map(density, molecule, measurements.spectra, network, progress)
    evidence = Evidence(
        density,
        claimed=claimed,
        measurements=measurements,
        resolution=predicted.resolution,
        interval=predicted.interval,
    )
    for checks in (DENSITY, CLAIM, LIMITS):
        findings += run_checks(checks, evidence)
    fsc = None
    if half_maps:
        fsc, half_map_findings = _half_map_fsc(evidence, half_maps, molecule)
        findings += half_map_findings
    verdict = None
    if claimed is not None:
        verdict = _verdict(claimed, density.nyquist, predicted, findings, half_maps, fsc)
    return Validation(
        map=density.name,
        voxel_size=density.voxel_size,
        box=tuple(reversed(density.values.shape)),
        resolution_class=predicted.resolution_class,
        probabilities=predicted.probabilities,
        resolution=predicted.resolution,
        interval=predicted.interval,
        claimed=claimed,
        verdict=verdict,
        patches=predicted.patches,
        warnings=(*network.notes, *(finding.text for finding in findings)),
        model=network.label,
        provider=network.provider,
        half_map_fsc=fsc,
    )


def _require_valid(claimed: float | None) -> None:
    if claimed is not None and not (np.isfinite(claimed) and claimed > 0):
        raise MapContentError(
            f"a claimed resolution of {claimed:g} Å is not valid; give a number above 0."
        )


def find_molecule(density: Density) -> tuple[NDArray[np.bool_], list[Finding]]:
    """Return the mask of the molecule, bool (z, y, x), or of the whole box, and the findings."""
    evidence = Evidence(
        density, solvent_is_flat=flat_solvent(density.values) is not None, fills_box=False
    )
    try:
        molecule = solvent_mask(density)
    except MapContentError:
        molecule = np.ones(density.values.shape, dtype=bool)
        evidence = evidence.with_(fills_box=True)
    return molecule, run_checks(MOLECULE, evidence)


def _half_map_fsc(
    evidence: Evidence, half_maps: HalfMaps, molecule: NDArray[np.bool_]
) -> tuple[float | None, list[Finding]]:
    """Return where the half-map FSC falls below 0.143 (Å), None if unusable, and the findings."""
    density = evidence.density
    pair = measure_half_maps(half_maps, molecule, density)
    if findings := run_checks(PAIR, evidence.with_(half_maps=pair)):
        return None, findings
    fsc = half_map_resolution(density, half_maps, molecule)
    return fsc, run_checks(CORRELATION, evidence.with_(half_maps_correlate=fsc is not None))


def _verdict(
    claimed: float,
    nyquist: float,
    predicted: Prediction,
    findings: list[Finding],
    half_maps: HalfMaps | None,
    fsc: float | None,
) -> str:
    """Judge a claim: by half maps where there are any, else by the interval, else by the class."""
    invalid = discredited(findings)
    if half_maps:
        interval = None if fsc is None or HALF_MAPS in invalid else (fsc, fsc)
        return verdict_by_interval(claimed, nyquist, interval)
    if predicted.interval is None and PREDICTION not in invalid:
        return verdict_by_class(claimed, nyquist, predicted.resolution_class)
    interval = None if invalid & {PREDICTION, INTERVAL} else predicted.interval
    return verdict_by_interval(claimed, nyquist, interval)
