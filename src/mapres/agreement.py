"""How two local resolutions of one map agree: ours and that of any other method or program."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .errors import GridMismatchError
from .local import LocalResolution
from .resampling import UNRESOLVED, sampled

# Of a normal distribution: standard deviation over median absolute deviation.
NORMAL = 1.4826
# Of our measured voxels: less is not the same map, or not in its place.
LEAST_SHARED = 0.05


@dataclass(frozen=True, eq=False)
class Agreement:
    """How a local resolution agrees with another one of the same map.

    Attributes
    ----------
    other : what the other is called
    difference : float32 array, shape (z, y, x), Å: ours less the other; where not both are known,
        the nearest difference, so that a surface is coloured rightly
    compared : bool array, shape (z, y, x), where both are known
    median : of the difference, Å
    spread : of the difference about its median, Å: 1.48 times the median absolute deviation, the
        standard deviation of a normal distribution
    correlation : Pearson's, of the two; None where one of them is constant
    """

    other: str
    difference: NDArray[np.float32]
    compared: NDArray[np.bool_]
    median: float
    spread: float
    correlation: float | None


def agreement(
    result: LocalResolution, other: NDArray, to_other: NDArray, name: str = "the other"
) -> Agreement:
    """Compare a local resolution with another, which may lie on another grid.

    Parameters
    ----------
    result : ours
    other : array, shape (z, y, x), Å; what is not above 0 and below 100 Å (background, nothing
        resolved) or not finite counts as unknown
    to_other : array, shape (3, 4), from our voxel indices (z, y, x, 1) to the other's; see
        `mapres.resampling.grid_to_grid`
    name : what the other is called

    Raises
    ------
    GridMismatchError
        If the other is known in less than a twentieth of the voxels that we measured.
    """
    values = sampled(other, to_other, result.mask.shape)
    ours_known = result.resolved > 0
    compared = ours_known & np.isfinite(values)
    if np.count_nonzero(compared) <= LEAST_SHARED * np.count_nonzero(ours_known):
        raise GridMismatchError(
            f"{name} holds no resolutions (above 0, below {UNRESOLVED:g} Å) where the map was "
            "measured; give a local resolution of this map, in its place."
        )
    ours, theirs = result.values[compared].astype(np.float64), values[compared].astype(np.float64)
    difference = ours - theirs
    median = float(np.median(difference))
    nearest = ndimage.distance_transform_edt(~compared, return_distances=False, return_indices=True)
    return Agreement(
        other=name,
        difference=(result.values - values)[tuple(nearest)].astype(np.float32),
        compared=compared,
        median=median,
        spread=NORMAL * float(np.median(np.abs(difference - median))),
        correlation=_correlation(ours, theirs),
    )


def _correlation(ours: NDArray, theirs: NDArray) -> float | None:
    if ours.std() == 0 or theirs.std() == 0:
        return None
    return float(np.corrcoef(ours, theirs)[0, 1])
