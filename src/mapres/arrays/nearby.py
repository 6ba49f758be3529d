"""The box of a mask, distances of a few voxels from it, and values carried over them.

Squared distances add up axis by axis. Those that matter are small whole numbers, so that they take
a tenth of the time of a distance transform, and several threads make them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .. import threads
from ..progress import beat

# Planes made at a time.
SLAB = 32


def bounding_box(mask: NDArray[np.bool_]) -> tuple[slice, ...]:
    """Return the smallest box that holds all voxels of a mask, of which one at least is set."""
    ends = (
        np.flatnonzero(mask.any(axis=tuple({*range(mask.ndim)} - {axis})))[[0, -1]]
        for axis in range(mask.ndim)
    )
    return tuple(slice(int(first), int(last) + 1) for first, last in ends)


def widened(box: tuple[slice, ...], reach: int, shape: tuple[int, ...]) -> tuple[slice, ...]:
    """Return a box that reaches so many voxels farther on all sides, within a map of a shape."""
    return tuple(
        slice(max(0, part.start - reach), min(n, part.stop + reach))
        for part, n in zip(box, shape, strict=True)
    )


def near(known: NDArray[np.bool_], radius: float) -> NDArray[np.bool_]:
    """Return the voxels within ``radius`` voxels of known ones; shapes (z, y, x)."""
    beat()
    found: NDArray[np.bool_] = np.empty_like(known)

    def find(planes: range) -> None:
        found[planes.start : planes.stop], _ = near_planes(known, radius, planes)

    threads.run_each(find, threads.slabs(len(known), SLAB))
    return found


def near_planes(
    known: NDArray[np.bool_], radius: float, planes: range, values: NDArray | None = None
) -> tuple[NDArray[np.bool_], NDArray | None]:
    """Find the voxels of some planes within ``radius`` voxels of known ones.

    Parameters
    ----------
    known : bool array, shape (z, y, x)
    radius : voxels
    planes : which
    values : array, shape (z, y, x), or None

    Returns
    -------
    Which voxels are near, shape (planes, y, x), and the values of the nearest known voxel there,
    which are undefined elsewhere; None without values.
    """
    reach = int(radius)
    # The largest squared distance whose root is not above the radius.
    most = max(square for square in range(int(radius**2) + 2) if np.sqrt(square) <= radius)
    first = max(0, planes.start - reach)
    around = slice(first, planes.stop + reach)
    rows = slice(planes.start - first, planes.stop - first)
    distance, nearest = _spread(known[around], most, None if values is None else values[around])
    return distance[rows] <= most, None if nearest is None else nearest[rows]


def _spread(
    known: NDArray[np.bool_], most: int, values: NDArray | None
) -> tuple[NDArray, NDArray | None]:
    """Return squared distances, which end beyond ``most``, and the nearest values."""
    distance: NDArray = np.where(known, 0, most + 1).astype(np.uint8 if most < 255 else np.uint32)
    for axis in range(3):
        before, carried = distance, values
        distance, values = before.copy(), None if carried is None else carried.copy()
        for step in range(1, min(int(np.sqrt(most)), known.shape[axis] - 1) + 1):
            lower = (slice(None),) * axis + (slice(None, -step),)
            upper = (slice(None),) * axis + (slice(step, None),)
            for source, target in ((lower, upper), (upper, lower)):
                farther = np.minimum(before[source], most + 1 - step**2) + step**2
                if values is not None and carried is not None:
                    nearer = farther < distance[target]
                    np.copyto(values[target], carried[source], where=nearer)
                np.minimum(distance[target], farther, out=distance[target])
    return distance, values
