"""What a check is, and what it is told: a sentence, and a test of what is known of a map."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..density import Density
from .half_map_measurements import HalfMapMeasurements
from .measurements import Measurements

# What a finding leaves no ground for: any prediction from the map, the interval of a prediction
# (the class may stand), or what half maps say.
PREDICTION, INTERVAL, HALF_MAPS = "prediction", "interval", "half maps"


@dataclass(frozen=True)
class LocalSummary:
    """What is looked at in a local resolution.

    Attributes
    ----------
    unmeasured : fraction of the mask without a result
    at_finest : fraction of the results at the finest one
    finest : Å, that one
    """

    unmeasured: float
    at_finest: float
    finest: float


@dataclass(frozen=True, eq=False)
class Evidence:
    """What is known of a map by the time that it is checked; None where it is not.

    Attributes
    ----------
    density : the map
    claimed : Å, what its authors claim
    solvent_is_flat : whether the solvent holds one value
    fills_box : whether no molecule was found, so that the whole box stands for it
    measurements : of the map
    resolution : Å, as predicted
    interval : Å, the ends of its 90% interval
    half_maps : how the two half maps lie to each other and to the map
    half_maps_correlate : whether their FSC is ever above 0.143
    local : of a local resolution
    """

    density: Density
    claimed: float | None = None
    solvent_is_flat: bool | None = None
    fills_box: bool | None = None
    measurements: Measurements | None = None
    resolution: float | None = None
    interval: tuple[float, float] | None = None
    half_maps: HalfMapMeasurements | None = None
    half_maps_correlate: bool | None = None
    local: LocalSummary | None = None

    def with_(self, **known: Any) -> Evidence:
        """Return what is known now."""
        return replace(self, **known)


@dataclass(frozen=True)
class Check:
    """A row of the table of checks.

    Attributes
    ----------
    name : for tables of how often it is given
    sentence : that users read; numbers of the test are filled in, as `str.format` does it
    test : of `Evidence`: whether to warn, or the numbers for the sentence
    discredits : what can be no ground for a verdict then; None where a verdict may stand
    final : whether no later row of its group has anything to say then
    """

    name: str
    sentence: str
    test: Callable[[Evidence], bool | Mapping[str, Any] | None]
    discredits: str | None = None
    final: bool = False


@dataclass(frozen=True)
class Finding:
    """A check that has something to say of a map: the sentence, with its numbers."""

    check: Check
    text: str


def run_checks(checks: Iterable[Check], evidence: Evidence) -> list[Finding]:
    """Run some rows of the table in their order."""
    findings = []
    for check in checks:
        found = check.test(evidence)
        if found is None or found is False:
            continue
        numbers = found if isinstance(found, Mapping) else {}
        findings.append(Finding(check, check.sentence.format(**numbers)))
        if check.final:
            break
    return findings


def discredited(findings: Iterable[Finding]) -> set[str]:
    """Return what findings leave no ground for."""
    return {finding.check.discredits for finding in findings if finding.check.discredits}
