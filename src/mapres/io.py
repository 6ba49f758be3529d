"""Reading and writing of MRC2014/CCP4 maps, plain or compressed (gzip, bzip2), with mrcfile."""

from __future__ import annotations

import bz2
import gzip
import math
import os
import zlib
from collections.abc import Callable
from dataclasses import replace
from io import BufferedIOBase
from pathlib import Path

import mrcfile
import numpy as np
from mrcfile.dtypes import HEADER_DTYPE
from mrcfile.utils import data_shape_from_header
from numpy.typing import NDArray

from .density import Density
from .errors import MapFileError
from .headers.geometry import Axes, crs, file_axes, geometry_notes, placement
from .headers.numbers import is_turned_round, stored_type
from .headers.reading import header_of
from .output import replacing
from .threads import in_planes, slabs

# By the first two bytes of a compressed file: how it is opened, and the most bytes that one of its
# bytes can stand for. Deflate's limit is 1,032; that of bzip2, over a million, says nothing.
COMPRESSED: dict[bytes, tuple[Callable, float]] = {
    b"\x1f\x8b": (gzip.open, 1032),
    b"BZ": (bz2.open, math.inf),
}
# Bytes of data that are read at once: little beside a map, and they stay in the processor's cache.
BLOCK = 2**18


def read(path: str | os.PathLike) -> Density:
    """Read a map.

    Parameters
    ----------
    path : an MRC/CCP4 file, mode 0, 1, 2, 6 or 12, plain or compressed with gzip or bzip2

    Returns
    -------
    Density
        Values as float32 in (z, y, x) order whatever the axis order of the file. The origin is the
        header's ORIGIN, or NSTART in voxels where ORIGIN is zero, as ChimeraX reads it.

    Raises
    ------
    MapFileError
        If the file is missing, truncated, not MRC, or holds complex, RGB or several volumes.
    """
    path = Path(path)
    header, values, notes = _load(path)
    voxel_size, origin = placement(header, values.shape)
    notes += geometry_notes(header, values.shape)
    cell = header.cellb
    angles = float(cell.alpha), float(cell.beta), float(cell.gamma)
    return Density(
        values=values,
        voxel_size=voxel_size,
        origin=origin,
        name=path.name,
        cell_angles=(90.0, 90.0, 90.0) if not any(angles) else angles,
        header=header,
        notes=tuple(f"{path.name} {note}." for note in notes),
    )


def header_at(path: str | os.PathLike) -> np.recarray | None:
    """Return the header of a file, or None where there is no such file.

    Raises
    ------
    MapFileError
        If it is no map, or a stack of images.
    """
    path = Path(path)
    if not path.is_file():
        return None
    opener, _ = _opener(path)
    with opener(path, "rb") as file:
        return header_of(file.read(HEADER_DTYPE.itemsize), path.name)


def with_voxel_size(density: Density, size: float) -> Density:
    """Return a map that was read, with another voxel size (Å) than its header's.

    An origin that the header has in voxels moves with it, and the cell becomes orthogonal.
    """
    assert density.header is not None
    header = density.header.copy().view(np.recarray)
    shape = density.values.shape
    header.mx, header.my, header.mz = reversed(shape)
    header.cella = tuple(n * size for n in reversed(shape))
    header.cellb = (90.0,) * 3
    _, origin = placement(header, shape)
    return replace(
        density,
        voxel_size=(size,) * 3,
        origin=origin,
        cell_angles=(90.0, 90.0, 90.0),
        header=header,
        notes=(*density.notes, f"{density.name} was given a voxel size of {size:.4g} Å."),
    )


def write(path: str | os.PathLike, density: Density) -> None:
    """Write a density as float32 (mode 2); a failed write leaves no partial file.

    Voxel size, origin, axis order and labels are those of ``density.header`` if it has one. Files
    named ``.gz`` or ``.bz2`` are compressed.

    Raises
    ------
    OutputError
        If the folder is missing or cannot be written.
    """
    with replacing(path) as temporary:
        header = _new_header(temporary, density)
        order = np.argsort(Axes(crs(header)).transpose)
        sections = np.transpose(np.asarray(density.values, dtype=np.float32), order)
        header.nz, header.ny, header.nx = sections.shape
        header.dmin, header.dmax, header.dmean, header.rms = _statistics(sections)
        openers: dict[str, Callable] = {".gz": gzip.open, ".bz2": bz2.open}
        opener = openers.get(Path(path).suffix, open)
        with opener(temporary, "wb") as file:
            file.write(header.tobytes())
            for part in slabs(len(sections), max(1, BLOCK // sections[0].nbytes)):
                file.write(np.ascontiguousarray(sections[part.start : part.stop]).data)


def _new_header(temporary: str, density: Density) -> np.recarray:
    """Return the header of a new file, like that of the density if it has one.

    mrcfile makes it, for a map of one voxel: for statistics of the whole it would take twice the
    memory of the map in 64 bits.
    """
    with mrcfile.new(temporary, overwrite=True) as mrc:
        mrc.set_data(np.zeros((1, 1, 1), dtype=np.float32))
        header = mrc.header.copy().view(np.recarray)
    if density.header is not None:
        kept = "nxstart nystart nzstart mx my mz cella cellb mapc mapr maps ispg origin nlabl label"
        for name in kept.split():
            header[name] = density.header[name]
        if placement(header, density.values.shape) == (density.voxel_size, density.origin):
            return header
    # It has none, or was moved or resampled since: write its own geometry.
    _place(header, density)
    return header


def _statistics(values: NDArray) -> tuple[float, float, float, float]:
    """Return the least value, the largest, the mean and the standard deviation."""

    def of_part(part: NDArray) -> tuple[float, ...]:
        total, squares = (np.sum(v, dtype=np.float64) for v in (part, np.square(part, dtype=float)))
        return float(part.min()), float(part.max()), float(total), float(squares)

    least, largest, totals, squares = zip(*in_planes(of_part, values), strict=True)
    mean = sum(totals) / values.size
    variance = max(sum(squares) / values.size - mean**2, 0.0)
    return min(least), max(largest), mean, math.sqrt(variance)


def _load(path: Path) -> tuple[np.recarray, NDArray[np.float32], list[str]]:
    """Return the header of a file, its data, and how these were understood."""
    if not path.is_file():
        raise MapFileError(f"{path} does not exist or is not a file.")
    try:
        opener, expansion = _opener(path)
        with opener(path, "rb") as file:
            header = header_of(file.read(HEADER_DTYPE.itemsize), path.name)
        shape = _shape(header, path)
        kind, note = stored_type(header)
        axes = file_axes(header, path.name)
        # Before memory is allocated.
        if math.prod(shape) * kind.itemsize > expansion * path.stat().st_size:
            raise _truncated(path)

        def data(kind: np.dtype) -> NDArray[np.float32]:
            with opener(path, "rb") as file:
                file.seek(HEADER_DTYPE.itemsize + int(header.nsymbt))
                return _values(file, shape, kind, axes, path)

        notes = [note] if note else []
        values = data(kind)
        if is_turned_round(values, kind):
            values = data(kind.newbyteorder())
            notes.append("has data in the other byte order than its header, and was read so")
        return header, values, notes
    except MapFileError:
        raise
    except (ValueError, EOFError, OSError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error).rstrip(".")
        raise MapFileError(f"{path.name} cannot be read as an MRC map ({reason}).") from error
    except MemoryError as error:
        raise MapFileError(f"{path.name} does not fit into this machine's memory.") from error


def _opener(path: Path) -> tuple[Callable, float]:
    with open(path, "rb") as file:
        return COMPRESSED.get(file.read(2), (open, 1))


def _shape(header: np.recarray, path: Path) -> tuple[int, int, int]:
    """Return the shape (section, row, column) of the volume in a file."""
    shape = data_shape_from_header(header)
    if len(shape) == 4 and shape[0] == 1:
        shape = shape[1:]
    if len(shape) != 3:
        what = "a single image" if len(shape) == 2 else f"a stack of {shape[0]} volumes"
        raise MapFileError(f"{path.name} holds {what}; give a single 3-D map.")
    return shape


def _values(
    file: BufferedIOBase, shape: tuple[int, int, int], dtype: np.dtype, axes: Axes, path: Path
) -> NDArray[np.float32]:
    """Read a file's data block by block into an array of float32, shape (z, y, x).

    mrcfile unpacks compressed data twice, the first time to learn its size: 256³ gzipped voxels
    take it 0.8 s and 142 MB, and this 0.3 s and 65 MB. Another type or order of axes needs no copy.
    """
    values = np.empty([shape[axis] for axis in axes.transpose], np.float32)
    # The same memory, in the order of the file.
    sections = values.transpose(np.argsort(axes.transpose))
    thickness = max(1, BLOCK // (math.prod(shape[1:]) * dtype.itemsize))
    block = np.empty((thickness, *shape[1:]), dtype)
    as_it_is = dtype == values.dtype and sections.flags.c_contiguous
    for part in slabs(shape[0], thickness):
        target = sections[part.start : part.stop]
        filled = target if as_it_is else block[: len(part)]
        if file.readinto(filled.view(np.uint8).data) < filled.nbytes:
            raise _truncated(path)
        if not as_it_is:
            target[:] = filled
    # Only at its end does a compressed file compare its checksum. There is rarely more data, and
    # what is more than another map is not read.
    for _ in slabs(shape[0], thickness):
        if not file.readinto(block.view(np.uint8).data):
            break
    return values


def _truncated(path: Path) -> MapFileError:
    return MapFileError(f"{path.name} is truncated: it ends before its last section.")


def _place(header: np.recarray, density: Density) -> None:
    header.nxstart = header.nystart = header.nzstart = 0
    header.mx, header.my, header.mz = reversed(density.values.shape)
    header.cella = tuple(
        n * s for n, s in zip(reversed(density.values.shape), density.voxel_size, strict=True)
    )
    header.origin = density.origin
