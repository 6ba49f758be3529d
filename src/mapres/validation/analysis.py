"""All that is measured and predicted of a map, before any claim about it is judged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
from ..checks.half_maps import checked_fsc
from ..checks.limits import CLAIM, LIMITS
from ..checks.measurements import measure_map
from ..density import Density
from ..errors import MapContentError
from ..half_maps import HalfMaps
from ..mask import flat_solvent, solvent_mask
from ..networks.registry import Model
from ..progress import Progress
from .prediction import Prediction, predict_map
from .result import Validation
from .verdict import verdict_by_class, verdict_by_half_maps, verdict_by_interval


@dataclass(frozen=True, eq=False)
class Analysis:
    """An analyzed map.

    Attributes
    ----------
    network : that predicted
    evidence : what was measured, without a claim
    predicted : by the network
    of_molecule : findings about the mask
    of_half_maps : findings about the half maps
    fsc : Å where their FSC falls below 0.143; None without, or where they are unusable
    """

    network: Model
    evidence: Evidence
    predicted: Prediction
    of_molecule: tuple[Finding, ...]
    of_half_maps: tuple[Finding, ...]
    fsc: float | None

    def judged(self, claimed: float | None = None) -> Validation:
        """Return the result, with a verdict on a claimed resolution (Å) if there is one."""
        evidence = self.evidence.with_(claimed=claimed)
        predicted, network = self.predicted, self.network
        findings = [*self.of_molecule]
        for checks in (DENSITY, CLAIM, LIMITS):
            findings += run_checks(checks, evidence)
        findings += self.of_half_maps
        density = evidence.density
        return Validation(
            map=density.name,
            voxel_size=density.voxel_size,
            box=tuple(reversed(density.values.shape)),
            resolution_class=predicted.resolution_class,
            probabilities=predicted.probabilities,
            resolution=predicted.resolution,
            interval=predicted.interval,
            claimed=claimed,
            verdict=None if claimed is None else self._verdict(claimed, findings),
            patches=predicted.patches,
            warnings=(*network.notes, *(finding.text for finding in findings)),
            model=network.label,
            provider=network.provider,
            half_map_fsc=self.fsc,
            notes=density.notes,
        )

    def _verdict(self, claimed: float, findings: list[Finding]) -> str:
        """Judge a claim: by half maps where there are any, else by interval, else by class."""
        invalid, nyquist = discredited(findings), self.evidence.density.nyquist
        predicted = self.predicted
        if self.evidence.half_maps is not None:
            fsc = None if HALF_MAPS in invalid else self.fsc
            return verdict_by_half_maps(claimed, nyquist, fsc)
        if predicted.interval is None and PREDICTION not in invalid:
            return verdict_by_class(claimed, nyquist, predicted.resolution_class)
        interval = None if invalid & {PREDICTION, INTERVAL} else predicted.interval
        return verdict_by_interval(claimed, nyquist, interval)


def analyze(
    density: Density, half_maps: HalfMaps | None, network: Model, progress: Progress
) -> Analysis:
    """Analyze a map that is checked, see `mapres.half_maps.checked_with_half_maps`."""
    progress(0.1, "finding the molecule")
    molecule, findings = find_molecule(density)
    measurements = measure_map(density, molecule)
    predicted = predict_map(density, molecule, measurements.spectra, network, progress)
    evidence = Evidence(
        density,
        measurements=measurements,
        resolution=predicted.resolution,
        interval=predicted.interval,
        unlike=predicted.unlike,
    )
    fsc: float | None = None
    of_half_maps: list[Finding] = []
    if half_maps:
        evidence = evidence.with_(half_maps=measure_half_maps(half_maps, molecule, density))
        fsc, of_half_maps = checked_fsc(evidence, half_maps, molecule)
    return Analysis(network, evidence, predicted, tuple(findings), tuple(of_half_maps), fsc)


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
