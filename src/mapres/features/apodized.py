"""Transforms of maps that have no outliers, no scale of their own, and no edges that ring."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..checks.measurements import above_solvent, outlier_limit
from ..density import Density
from ..fourier import forward
from ..half_maps import HalfMaps

# Over this length (Å) the map falls to its mean at the faces of the box, which would ring.
TAPER = 4.0


def transforms_of(
    density: Density, molecule: NDArray[np.bool_], half_maps: HalfMaps | None
) -> Iterator[NDArray[np.complex64]]:
    """Yield the transforms of the map, and of the sum and the difference of half maps."""
    yield forward(_prepared(density, molecule))
    if half_maps is not None:
        first, second = (_prepared(half, molecule) for half in half_maps)
        yield forward(first + second)
        yield forward(first - second)


def _prepared(density: Density, molecule: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return a map without outliers, in units of its spread in the molecule, and tapered.

    Half maps of different scale thereby count alike.
    """
    values = above_solvent(density.values)
    if limit := outlier_limit(values):
        np.clip(values, -limit, limit, out=values)
    values -= values.mean()
    spread = float(values[molecule].std()) if molecule.any() else 0.0
    # A molecule that is flat beside its surroundings: powers of those must not overflow.
    values /= max(spread, 1e-6 * float(values.std()), 1e-30)
    for axis, taper in enumerate(tapers(density)):
        values *= taper.reshape([-1 if a == axis else 1 for a in range(3)])
    return values


def tapers(density: Density) -> list[NDArray[np.float32]]:
    """Return what a map is multiplied by along z, y and x."""
    distances = (np.minimum(np.arange(n), np.arange(n)[::-1]) + 0.5 for n in density.values.shape)
    rises = (np.clip(d * density.spacing / TAPER, 0, 1) for d in distances)
    return [(0.5 - 0.5 * np.cos(np.pi * rise)).astype(np.float32) for rise in rises]
