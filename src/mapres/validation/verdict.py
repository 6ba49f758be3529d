"""Verdicts on a claimed resolution."""

from __future__ import annotations

from ..checks.limits import beyond_nyquist
from ..features.distribution import CLASSES, class_of

# Claims are rounded to a Fourier shell, 2 to 7% wide at the resolution of most maps, and the mask
# for an FSC changes it by as much.
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
    claimed: float, nyquist: float, fsc: float | None, *, limited: bool = False
) -> str:
    """Judge a claim by where half maps' FSC falls below 0.143, all in Å; inconclusive without it.

    It is consistent with an FSC that differs from it no more than those of most entries of the EMDB
    differ from what they state, see `RECALCULATED`, and the tolerance. Where a filter has limited
    it, it tells nothing of finer claims.
    """
    least, most = RECALCULATED
    believed = None if fsc is None else (fsc / most, fsc / least)
    verdict = verdict_by_interval(claimed, nyquist, believed)
    finer = limited and fsc and claimed < fsc * (1 - TOLERANCE)
    finer = finer and not beyond_nyquist(claimed, nyquist)
    return INCONCLUSIVE if finer else verdict


def verdict_by_class(claimed: float, nyquist: float, resolution_class: str) -> str:
    """Judge a claim (Å) by the predicted class, all that a classifier gives."""
    if beyond_nyquist(claimed, nyquist):
        return OPTIMISTIC
    predicted, expected = CLASSES.index(resolution_class), class_of(claimed)
    if predicted == expected:
        return CONSISTENT
    return OPTIMISTIC if predicted > expected else PESSIMISTIC
