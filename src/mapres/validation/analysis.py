"""All that is measured and predicted of a map, before any claim about it is judged."""

from __future__ import annotations

from dataclasses import dataclass

from ..checks.check import (
    FINER,
    HALF_MAPS,
    INTERVAL,
    PREDICTION,
    SPECTRUM,
    Evidence,
    Finding,
    discredited,
    run_checks,
)
from ..checks.density import DENSITY
from ..checks.half_map_measurements import measure_half_maps
from ..checks.half_maps import PAIR, fsc_of, half_map_findings
from ..checks.limits import CLAIM, LIMITS
from ..checks.measurements import measure_map
from ..density import Density, notes_of
from ..half_maps import HalfMaps
from ..masks.given import GivenMask
from ..networks.registry import Model
from ..progress import Progress
from .molecule import FscMask, find_molecule
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
    fsc : Å where their FSC falls below 0.143; None without, or where they are faulty
    mask : that was given, or None
    notes : how files were understood, one sentence each
    """

    network: Model
    evidence: Evidence
    predicted: Prediction
    of_molecule: tuple[Finding, ...]
    of_half_maps: tuple[Finding, ...]
    fsc: float | None
    mask: GivenMask | None = None
    notes: tuple[str, ...] = ()

    def judged(self, claimed: float | None = None) -> Validation:
        """Return the result, with a verdict on a claimed resolution (Å) if there is one."""
        evidence = self.evidence.with_(claimed=claimed)
        predicted, network = self.predicted, self.network
        findings = [*self.of_molecule]
        for checks in (DENSITY, CLAIM, LIMITS):
            findings += run_checks(checks, evidence)
        findings += self.of_half_maps
        density, mask = evidence.density, self.mask
        of_mask = () if mask is None else mask.warnings
        pair = evidence.half_maps
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
            warnings=(*network.notes, *of_mask, *(finding.text for finding in findings)),
            model=network.label,
            provider=network.provider,
            half_map_fsc=self.fsc,
            mask=None if mask is None else mask.name,
            half_maps_masked=pair is not None and pair.masked,
            notes=self.notes,
        )

    def _verdict(self, claimed: float, findings: list[Finding]) -> str:
        """Judge a claim: by half maps where there are any, else by interval, else by class."""
        invalid, nyquist = discredited(findings), self.evidence.density.nyquist
        predicted = self.predicted
        pair = self.evidence.half_maps
        if pair is not None:
            fsc, limited = None if HALF_MAPS in invalid else self.fsc, FINER in invalid
            return verdict_by_half_maps(
                claimed,
                nyquist,
                fsc,
                pair.fsc_range,
                limited=limited,
                undecided_to=pair.undecided_to,
            )
        if predicted.interval is None and not invalid & {PREDICTION, SPECTRUM}:
            return verdict_by_class(claimed, nyquist, predicted.resolution_class)
        interval = None if invalid & {PREDICTION, INTERVAL, SPECTRUM} else predicted.interval
        return verdict_by_interval(claimed, nyquist, interval)


def analyze(
    density: Density,
    half_maps: HalfMaps | None,
    network: Model,
    progress: Progress,
    mask: GivenMask | None = None,
) -> Analysis:
    """Analyze a map that is checked, see `mapres.half_maps.checked_with_half_maps`."""
    progress(0.1, "finding the molecule")
    molecule, findings = find_molecule(density, mask)
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
        found = FscMask.of(evidence, molecule, findings, half_maps, mask)
        pair = measure_half_maps(
            half_maps, found.molecule, density, found.soft, given_mask=mask is not None
        )
        evidence = evidence.with_(half_maps=pair, fills_box=not found.certain)
        of_half_maps = half_map_findings(evidence)
        # What contradicts the map is told all the same, for users to judge.
        fsc = fsc_of(evidence, [each for each in of_half_maps if each.check in PAIR])
    notes = notes_of(density, *(half_maps or ()), mask)
    findings_of = tuple(findings), tuple(of_half_maps)
    return Analysis(network, evidence, predicted, *findings_of, fsc, mask, notes)
