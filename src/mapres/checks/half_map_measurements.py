"""Measurements of two half maps, for the checks of half maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..density import Density
from ..half_maps import HalfMaps, same_map
from .registration import Registration, registration


@dataclass(frozen=True)
class HalfMapMeasurements:
    """What was measured of two half maps.

    Attributes
    ----------
    names : of the two
    identical : whether they are equal up to rounding, a factor and an offset
    registration : shift and sign of the second relative to the first
    agreement : correlation of their mean with the map inside the molecule; None if they are
        identical, shifted or of opposite sign, or there is no map
    """

    names: tuple[str, str]
    identical: bool
    registration: Registration
    agreement: float | None


def measure_half_maps(
    half_maps: HalfMaps,
    inside: NDArray[np.bool_] | None = None,
    density: Density | None = None,
) -> HalfMapMeasurements:
    """Measure two half maps on one grid.

    Parameters
    ----------
    half_maps : the two
    inside : bool array, shape (z, y, x), the molecule; None for the whole box
    density : their map, on the same grid, or None
    """
    first, second = (half.values for half in half_maps)
    names = half_maps[0].name, half_maps[1].name
    if inside is None:
        inside = np.ones(first.shape, dtype=bool)
    if same_map(first, second):
        return HalfMapMeasurements(names, True, Registration(), None)
    placement = registration(first, second, inside)
    agreement = None
    # The mean of half maps of opposite sign, for example, is only noise.
    if density is not None and placement == Registration():
        mean = first[inside] / first.std() + second[inside] / second.std()
        agreement = float(np.corrcoef(mean, density.values[inside])[0, 1])
    return HalfMapMeasurements(names, False, placement, agreement)
