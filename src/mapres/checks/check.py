"""A check: a test of what is known about a map, and the sentence that warns of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..density import Density
from .half_map_measurements import HalfMapMeasurements
from .measurements import Measurements

# What a finding invalidates: any prediction from the map, the interval of a prediction (the class
# may stand), all that is read from the spectrum (the molecule stands), the half-map FSC, or only
# that it excludes finer resolutions.
PREDICTION, INTERVAL, SPECTRUM = "prediction", "interval", "spectrum"
HALF_MAPS, FINER = "half maps", "finer"


@dataclass(frozen=True)
class LocalSummary:
    """Statistics of a local resolution.

    Attributes
    ----------
    unmeasured : fraction of the mask without a result
    at_finest : fraction of the results at the finest one
    finest : Å, the finest one
    """

    unmeasured: float
    at_finest: float
    finest: float


@dataclass(frozen=True)
class LocalFilter:
    """A low-pass filter of parts of a map only.

    Attributes
    ----------
    fraction : of the molecule
    finest, coarsest : Å, between which it cuts 90% of that
    """

    fraction: float
    finest: float
    coarsest: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known about a map when it is checked; None where unknown.

    Attributes
    ----------
    density : the map
    claimed : Å, what its authors claim
    solvent_is_flat : whether the solvent holds one value
    fills_box : whether no molecule was found, so that the whole box is used
    measurements : of the map
    resolution : Å, predicted
    interval : Å, the ends of its 90% interval
    unlike : how far it is from the maps that the network was trained on, in units of the limit
    half_maps : of the two half maps, compared with each other and with the map
    local : of a local resolution
    local_filter : of parts of the map
    """

    density: Density
    claimed: float | None = None
    solvent_is_flat: bool | None = None
    fills_box: bool | None = None
    measurements: Measurements | None = None
    resolution: float | None = None
    interval: tuple[float, float] | None = None
    unlike: float | None = None
    half_maps: HalfMapMeasurements | None = None
    local: LocalSummary | None = None
    local_filter: LocalFilter | None = None

    @property
    def measured(self) -> Measurements:
        """The measurements of a map that was measured."""
        assert self.measurements is not None
        return self.measurements

    def with_(self, **known: Any) -> Evidence:
        """Return a copy with more known."""
        return replace(self, **known)


@dataclass(frozen=True)
class Check:
    """A row of the table of checks.

    Attributes
    ----------
    name : in tables of how often the warning is given
    sentence : for users; the test's numbers are filled in by `str.format`
    test : takes `Evidence`; returns whether to warn, or the numbers for the sentence
    discredits : what the verdict must then not rely on; None if the verdict may stand
    final : whether later rows of its group are then skipped
    """

    name: str
    sentence: str
    test: Callable[[Evidence], bool | Mapping[str, Any] | None]
    discredits: str | None = None
    final: bool = False


@dataclass(frozen=True)
class Finding:
    """A warning that a check gives: its sentence, with the numbers filled in."""

    check: Check
    text: str


def run_checks(checks: Iterable[Check], evidence: Evidence) -> list[Finding]:
    """Run rows of the table in order."""
    findings = []
    for check in checks:
        outcome = check.test(evidence)
        if outcome is None or outcome is False:
            continue
        numbers = outcome if isinstance(outcome, Mapping) else {}
        findings.append(Finding(check, check.sentence.format(**numbers)))
        if check.final:
            break
    return findings


def discredited(findings: Iterable[Finding]) -> set[str]:
    """Return what the findings invalidate."""
    return {finding.check.discredits for finding in findings if finding.check.discredits}
