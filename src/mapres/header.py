"""Geometry in an MRC2014 header: which axis is which, voxel size, origin, signed bytes."""

from __future__ import annotations

import numpy as np

# IMOD writes unsigned bytes as mode 0, marked by a stamp and a flag in the extra header.
IMOD_STAMP, IMOD_SIGNED = 1146047817, 1


class Axes:
    """Which file axis (column, row, section) runs along which of x, y, z."""

    def __init__(self, crs: tuple[int, int, int]):
        self.crs = crs
        # File arrays are [section, row, column]; ours are [z, y, x].
        self.transpose = tuple(2 - crs.index(axis) for axis in (3, 2, 1))

    def to_xyz(self, per_file_axis):
        """Return what is given for columns, rows and sections along x, y and z."""
        return [per_file_axis[self.crs.index(axis)] for axis in (1, 2, 3)]


def crs(header: np.recarray) -> tuple[int, int, int]:
    """Return the axis, 1 to 3 for x to z, of columns, rows and sections."""
    axes = int(header.mapc), int(header.mapr), int(header.maps)
    return axes if any(axes) else (1, 2, 3)


def placement(header: np.recarray, shape) -> tuple[tuple, tuple]:
    """Return voxel size and origin along x, y, z in Å; ``shape`` is (z, y, x)."""
    grid = [int(n) for n in (header.mx, header.my, header.mz)]
    cell = [float(c) for c in (header.cella.x, header.cella.y, header.cella.z)]
    # A header without a sampling means one unit cell over the whole box.
    grid = [g or n for g, n in zip(grid, reversed(shape), strict=True)]
    voxel_size = tuple(c / g for c, g in zip(cell, grid, strict=True))
    origin = [float(o) for o in (header.origin.x, header.origin.y, header.origin.z)]
    # Before MRC2000 ("MAP ") these words were free for any use.
    if not is_mrc2000(header) or not any(origin) or not np.all(np.isfinite(origin)):
        axes = Axes(crs(header))
        start = axes.to_xyz([int(n) for n in (header.nxstart, header.nystart, header.nzstart)])
        origin = [n * size for n, size in zip(start, voxel_size, strict=True)]
    return voxel_size, tuple(origin)


def is_mrc2000(header: np.recarray) -> bool:
    """Return whether the header has the word of MRC2000 and later."""
    return bytes(header.map)[:3] == b"MAP"


def has_unsigned_bytes(header: np.recarray) -> bool:
    """Return whether mode 0 means unsigned bytes."""
    if int(header.mode) != 0:
        return False
    spare = bytes(header.extra2)
    stamp, flags = np.frombuffer(spare[40:48], header.mode.dtype)
    return not is_mrc2000(header) or (stamp == IMOD_STAMP and not flags & IMOD_SIGNED)
