"""How unlike the maps that a network was trained on a map is, by its profile."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..features.profile import CURVES, FREQUENCIES

POINTS = CURVES * len(FREQUENCIES)


@dataclass(frozen=True, eq=False)
class Domain:
    """The space that the profiles of training maps span: their mean and principal axes.

    Attributes
    ----------
    mean : array, shape (POINTS,)
    axes : array, shape (k, POINTS), orthonormal
    limit : of the distance from that space, that almost all maps like them keep
    """

    mean: NDArray[np.float32]
    axes: NDArray[np.float32]
    limit: float

    def distance(self, profile: NDArray) -> float:
        """Return how far a profile, shape (CURVES, 75), is from the space, in units of the limit.

        It is the root mean square of what the axes do not explain.
        """
        off = np.asarray(profile, dtype=np.float32).ravel() - self.mean
        rest = off - (self.axes @ off) @ self.axes
        return float(np.sqrt(np.mean(np.square(rest)))) / self.limit


def domain_of(entry: dict) -> Domain:
    """Return the domain of a model card's entry.

    Raises
    ------
    ValueError
        If it does not hold finite numbers of the right shapes.
    """
    if set(entry) != {"mean", "axes", "limit"} or type(entry["limit"]) not in (int, float):
        raise ValueError("the domain must have mean, axes and a limit")
    try:
        mean, axes = (np.array(entry[name], dtype=np.float32) for name in ("mean", "axes"))
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError("the domain does not hold numbers") from error
    if mean.shape != (POINTS,) or axes.ndim != 2 or axes.shape[1] != POINTS:
        raise ValueError(f"the domain does not have {POINTS} points")
    # Written so that NaN fails.
    if not (np.isfinite(mean).all() and np.isfinite(axes).all() and 0 < entry["limit"] < 1e6):
        raise ValueError("the domain is not finite, or its limit not above 0")
    return Domain(mean, axes, float(entry["limit"]))
