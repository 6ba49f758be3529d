"""Local resolution: one question, several methods, the answer on the map's own grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .density import Density, Progress, silent

METHODS = ("monores",)


@dataclass(frozen=True, eq=False)
class LocalResolution:
    """Resolution at every voxel of a map.

    Attributes
    ----------
    values : float32 array, shape (z, y, x), Å; outside the mask the nearest inside value, so that
        a surface sampled at its rim is coloured rightly
    mask : bool array, shape (z, y, x), the voxels that were measured
    method : name of the method
    warnings : one sentence each
    seconds : wall time
    """

    values: NDArray[np.float32]
    mask: NDArray[np.bool_]
    method: str
    warnings: tuple[str, ...]
    seconds: float

    @property
    def median(self) -> float:
        """Median over the mask, Å."""
        return float(np.median(self.values[self.mask]))

    @property
    def quartiles(self) -> tuple[float, float]:
        """First and third quartile over the mask, Å."""
        lower, upper = np.percentile(self.values[self.mask], [25, 75])
        return float(lower), float(upper)

    @property
    def mask_fraction(self) -> float:
        """Fraction of the box that was measured."""
        return float(self.mask.mean())


def local_resolution(
    density: Density,
    *,
    method: str = "monores",
    mask: Density | None = None,
    half_maps: tuple[Density, Density] | None = None,
    max_res: float = 20.0,
    step: float = 0.5,
    progress: Progress = silent,
) -> LocalResolution:
    """Measure the local resolution of a map."""
    raise NotImplementedError
