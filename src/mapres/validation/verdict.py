"""Verdicts on a claimed resolution."""

from __future__ import annotations

from ..checks.limits import beyond_nyquist
from ..features.distribution import CLASSES, class_of

# Claims are rounded to a Fourier shell, 2 to 7% wide at the resolution of most maps.
TOLERANCE = 0.05
# Half-map FSC over what is stated, 5 and 95% of the 20,590 EMDB entries that were recalculated: the
# median is 1.047.
RECALCULATED = 0.97, 1.20
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
    if max(claimed, nyquist) < finest * (1 - TOLERANCE):
        return OPTIMISTIC
    return PESSIMISTIC if claimed > coarsest * (1 + TOLERANCE) else CONSISTENT


def verdict_by_half_maps(
    claimed: float,
    nyquist: float,
    fsc: float | None,
    fsc_range: tuple[float, float] | None = None,
    *,
    limited: bool = False,
    undecided_to: float | None = None,
) -> str:
    """Judge a claim by where half maps' FSC falls below 0.143, all in Å; inconclusive without it.

    It is consistent with an FSC that differs from it no more than those of most entries of the EMDB
    differ from what they state, see `RECALCULATED`, or that is so in a mask as laboratories use it,
    see `HalfMapMeasurements.fsc_range`; and the tolerance. Where a filter has limited it, it tells
    nothing of finer claims; where it rises again or stays near 0.143, nothing of those up to there.
    """
    believed = None
    if fsc is not None:
        finest, coarsest = fsc_range or (fsc, fsc)
        least, most = RECALCULATED
        believed = min(fsc / most, finest), max(fsc / least, coarsest)
    verdict = verdict_by_interval(claimed, nyquist, believed)
    if fsc is None or beyond_nyquist(claimed, nyquist):
        return verdict
    hidden = limited and claimed < fsc * (1 - TOLERANCE)
    near = undecided_to is not None and claimed >= undecided_to * (1 - TOLERANCE)
    return INCONCLUSIVE if hidden or (near and verdict == OPTIMISTIC) else verdict


def verdict_by_class(claimed: float, nyquist: float, resolution_class: str) -> str:
    """Judge a claim (Å) by the predicted class, all that a classifier gives."""
    if beyond_nyquist(claimed, nyquist):
        return OPTIMISTIC
    predicted, expected = CLASSES.index(resolution_class), class_of(claimed)
    if predicted == expected:
        return CONSISTENT
    return OPTIMISTIC if predicted > expected else PESSIMISTIC
