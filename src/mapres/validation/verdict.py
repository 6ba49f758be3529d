"""Verdicts on a claimed resolution."""

from __future__ import annotations

from ..checks.limits import beyond_nyquist
from ..features.distribution import CLASSES, class_of

# Masks, thresholds and rounding change an FSC resolution, and so a claim, by this much.
FSC_TOLERANCE = 0.1
CONSISTENT, OPTIMISTIC, PESSIMISTIC = "consistent", "optimistic", "pessimistic"
INCONCLUSIVE = "inconclusive"
VERDICTS = (CONSISTENT, OPTIMISTIC, PESSIMISTIC, INCONCLUSIVE)


def verdict_by_interval(
    claimed: float, nyquist: float, interval: tuple[float, float] | None
) -> str:
    """Judge a claim by an interval, all in Å; inconclusive without one."""
    if beyond_nyquist(claimed, nyquist):
        return OPTIMISTIC
    if interval is None:
        return INCONCLUSIVE
    finest, coarsest = interval
    if max(claimed, nyquist) < finest * (1 - FSC_TOLERANCE):
        return OPTIMISTIC
    return PESSIMISTIC if claimed > coarsest * (1 + FSC_TOLERANCE) else CONSISTENT


def verdict_by_class(claimed: float, nyquist: float, resolution_class: str) -> str:
    """Judge a claim (Å) by the predicted class, all that a classifier gives."""
    if beyond_nyquist(claimed, nyquist):
        return OPTIMISTIC
    predicted, expected = CLASSES.index(resolution_class), class_of(claimed)
    if predicted == expected:
        return CONSISTENT
    return OPTIMISTIC if predicted > expected else PESSIMISTIC
