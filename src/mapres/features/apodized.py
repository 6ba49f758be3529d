"""Fourier transforms of maps without outliers, normalized and apodized."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..density import Density
from ..fourier import forward, taper
from ..half_maps import HalfMaps, mean_and_difference
from ..threads import in_planes
from .outliers import above_solvent, clip, outlier_limit

# Å over which the map falls to its mean at the faces of the box, to avoid ringing.
TAPER = 4.0


def transforms_of(
    density: Density, molecule: NDArray[np.bool_], half_maps: HalfMaps | None
) -> Iterator[NDArray[np.complex64]]:
    """Yield the transforms of the map, and of the mean and the difference of half maps."""
    yield forward(_prepared(density, molecule))
    if half_maps is not None:
        halves = (_prepared(half, molecule) for half in half_maps)
        yield from map(forward, mean_and_difference(*halves))


def _prepared(density: Density, molecule: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return a map without outliers, divided by its spread in the molecule, and tapered.

    Half maps of different scale thus count equally.
    """
    values = above_solvent(density.values)
    if limit := outlier_limit(values):
        clip(values, limit)
    mean = values.mean()
    spread = float(values[molecule].std()) if molecule.any() else 0.0
    # If the molecule is flat compared with the rest, powers of the rest must not overflow.
    scale = np.float32(max(spread, 1e-6 * float(values.std()), 1e-30))

    def normalize(part: NDArray) -> None:
        part -= mean
        part /= scale

    in_planes(normalize, values)
    for axis, weights in enumerate(tapers(density)):
        from_edges = np.flatnonzero(weights < 1)
        planes = np.moveaxis(values, axis, 0)
        for plane in from_edges:
            planes[plane] *= weights[plane]
    return values


def tapers(density: Density) -> list[NDArray[np.float32]]:
    """Return the weights that taper a map along z, y and x."""
    return [taper(n, TAPER / density.spacing) for n in density.values.shape]
