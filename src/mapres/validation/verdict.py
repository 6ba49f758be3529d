"""Whether a claimed resolution agrees with what a map shows."""

from __future__ import annotations

from ..checks.limits import beyond_nyquist
from ..features.distribution import CLASSES, class_of

# Masks, thresholds and rounding move an FSC resolution, which a claim is, by as much.
FSC_TOLERANCE = 0.1
CONSISTENT, OPTIMISTIC, PESSIMISTIC = "consistent", "optimistic", "pessimistic"
INCONCLUSIVE = "inconclusive"
VERDICTS = (CONSISTENT, OPTIMISTIC, PESSIMISTIC, INCONCLUSIVE)


def verdict_by_interval(
    claimed: float, nyquist: float, interval: tuple[float, float] | None
) -> str:
    """Judge a claim by an interval, all in Å; without one there is no verdict."""
    if beyond_nyquist(claimed, nyquist):
        return OPTIMISTIC
    if interval is None:
        return INCONCLUSIVE
    finest, coarsest = interval
    if max(claimed, nyquist) < finest * (1 - FSC_TOLERANCE):
        return OPTIMISTIC
    return PESSIMISTIC if claimed > coarsest * (1 + FSC_TOLERANCE) else CONSISTENT


def verdict_by_class(claimed: float, nyquist: float, resolution_class: str) -> str:
    """Judge a claim (Å) by its class alone, which is all that a classifier predicts."""
    if beyond_nyquist(claimed, nyquist):
        return OPTIMISTIC
    found, said = CLASSES.index(resolution_class), class_of(claimed)
    if found == said:
        return CONSISTENT
    return OPTIMISTIC if found > said else PESSIMISTIC
