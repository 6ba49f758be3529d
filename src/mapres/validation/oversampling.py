"""Maps on a finer grid than they were reconstructed on: nothing is beyond the Nyquist of that."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..density import Density
from ..fourier import forward, power_of, resize

# Of the mean power: planes with less are empty but for rounding, 1e-14 in float32.
EMPTY = 1e-9
# Least ratio of the grids: with less there is nothing to gain.
FINER = 1.05
# The outer part of the filled planes, and the power in the corners of the filled box over that at
# its faces: filters leave a ball and no corners.
OUTER, CORNERS = 0.85, 1e-3


def on_own_grid(
    density: Density, mask: NDArray[np.bool_]
) -> tuple[Density, NDArray[np.bool_]] | None:
    """Return a map and its mask on the coarser grid that holds all of it; None on its own already.

    Fourier-padding a map adds empty shells, which look like those beyond a filter, and changed a
    resolution by 7%.

    Parameters
    ----------
    density : the map
    mask : bool array, shape (z, y, x)
    """
    values = density.values - density.values.mean(dtype=np.float64).astype(np.float32)
    if not all(_is_empty(values, axis) for axis in range(3)):
        return None
    power = power_of(forward(values))
    shape = _filled(power, values.shape)
    if any(n < FINER * m for n, m in zip(values.shape, shape, strict=True)):
        return None
    if not _has_corners(power, shape):
        return None
    sizes = tuple(
        size * n / m
        for size, n, m in zip(density.voxel_size, values.shape[::-1], shape[::-1], strict=True)
    )
    places = (np.arange(m) * n // m for n, m in zip(values.shape, shape, strict=True))
    coarse = replace(density, values=resize(density.values, shape), voxel_size=sizes)
    return coarse, mask[np.ix_(*places)]


def _is_empty(values: NDArray[np.float32], axis: int) -> bool:
    """Return whether there is nothing at the highest frequency along an axis."""
    n = values.shape[axis]
    wave = np.exp(2j * np.pi * np.arange(n) * (n // 2) / n)
    waves = (part.astype(np.float32) for part in (wave.real, wave.imag))
    parts = (np.tensordot(values, each, ([axis], [0])) for each in waves)
    highest = sum(float(np.vdot(part, part)) for part in parts)
    return highest < EMPTY * float(np.vdot(values, values))


def _filled(power: NDArray, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the edges, in coefficients, of the box about 0 outside of which all is empty."""
    edges = []
    for axis, n in enumerate(shape):
        planes = power.sum(axis=tuple(k for k in range(3) if k != axis), dtype=np.float64)
        frequency = np.minimum(np.arange(len(planes)), n - np.arange(len(planes)))
        last = int(frequency[planes > EMPTY * planes.mean()].max(initial=0))
        edges.append(2 * last + 2)
    return tuple(edges)


def _has_corners(power: NDArray, shape: tuple[int, ...]) -> bool:
    """Return whether the corners of the filled box of half-grid ``power`` are filled, too."""
    rows = (np.minimum(np.arange(n), n - np.arange(n)) for n in power.shape[:2])
    steps = (*rows, np.arange(power.shape[2]))
    z, y, x = (step / (0.5 * edge) for step, edge in zip(steps, shape, strict=True))
    far = [np.flatnonzero((axis > OUTER) & (axis < 1)) for axis in (z, y, x)]
    near = [np.flatnonzero(axis < 1 - OUTER) for axis in (z, y, x)]
    if not all(part.size for part in (*far, *near)):
        return False
    corners = power[np.ix_(*far)].mean()
    faces = power[np.ix_(far[0], near[1], near[2])].mean()
    return bool(corners > CORNERS * faces)
