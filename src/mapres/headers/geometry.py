"""Geometry in an MRC2014 header: which axis is which, voxel size, origin, signed bytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import MapFileError

Shape = tuple[int, ...]
# Calibration rounding gives axes that differ by parts in a thousand.
CUBIC = 1.02
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


def file_axes(header: np.recarray, name: str) -> Axes:
    """Return the axes of a file; raise `MapFileError`, with its ``name``, if there are none."""
    order = crs(header)
    if sorted(order) != [1, 2, 3]:
        raise MapFileError(f"{name} has axis order {order}; the header is damaged.")
    return Axes(order)


def voxel_size_of(header: np.recarray, shape: Shape) -> tuple[tuple[float, ...], str | None]:
    """Return the voxel size along x, y, z in Å, and a note if the header contradicts itself.

    MX, MY, MZ are along x, y, z. Where that makes no cubic voxels, but the order of the file's axes
    does, or the box, a program has mixed them up.

    Parameters
    ----------
    header : of a file
    shape : (z, y, x)
    """
    box = list(reversed(shape))
    # A header without a sampling means one unit cell over the whole box.
    given = [int(n) for n in (header.mx, header.my, header.mz)]
    grid = [g or n for g, n in zip(given, box, strict=True)]
    cell = [float(c) for c in (header.cella.x, header.cella.y, header.cella.z)]
    stated = _ratio(cell, grid)
    if _cubic(stated) or not all(g > 0 for g in grid):
        return stated, None
    axes = Axes(crs(header))
    readings = {
        "MX, MY and MZ in the order of its axes": _ratio(cell, axes.to_xyz(grid)),
        "its cell in the order of its axes": _ratio(axes.to_xyz(cell), grid),
    }
    if sorted(grid) == sorted(box):
        readings["MX, MY and MZ in another order than its box"] = _ratio(cell, box)
    cubic = [(what, size) for what, size in readings.items() if _cubic(size)]
    if not cubic or not all(np.allclose(size, cubic[0][1], rtol=CUBIC - 1) for _, size in cubic):
        return stated, None
    what, size = cubic[0]
    text = " x ".join(f"{s:.4g}" for s in stated)
    return size, f"has {what} (voxels of {text} Å otherwise), and was read so: {size[0]:.4g} Å"


def geometry_notes(header: np.recarray, shape: Shape) -> list[str]:
    """Return how the geometry of a header was understood, if it contradicts itself."""
    _, note = voxel_size_of(header, shape)
    return [note] if note else []


def _ratio(cell: Sequence[float], grid: Sequence[int]) -> tuple[float, ...]:
    return tuple(c / g for c, g in zip(cell, grid, strict=True))


def _cubic(size: Sequence[float]) -> bool:
    return bool(min(size) > 0 and max(size) <= CUBIC * min(size))


def placement(header: np.recarray, shape: Shape) -> tuple[tuple, tuple]:
    """Return voxel size and origin along x, y, z in Å; ``shape`` is (z, y, x)."""
    voxel_size, _ = voxel_size_of(header, shape)
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
