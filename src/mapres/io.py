"""Reading and writing of MRC2014/CCP4 maps, plain or compressed (gzip, bzip2), with mrcfile."""

from __future__ import annotations

import bz2
import gzip
import math
import os
import warnings
import zlib
from collections.abc import Callable
from io import BufferedIOBase
from pathlib import Path

import mrcfile
import numpy as np
from mrcfile.dtypes import HEADER_DTYPE
from mrcfile.utils import data_dtype_from_header, data_shape_from_header
from numpy.typing import NDArray

from .density import Density
from .errors import MapFileError
from .output import replacing
from .threads import slabs

MODES = {0: "int8", 1: "int16", 2: "float32", 6: "uint16", 12: "float16"}
# 2048³ float32 is 34 GB: edges beyond this mean a damaged header.
MAX_EDGE = 4096
MAX_MODE, MAX_EXTENDED_HEADER = 200, 2**26
# IMOD writes unsigned bytes as mode 0, marked by a stamp and a flag in the extra header.
IMOD_STAMP, IMOD_SIGNED = 1146047817, 1
VOLUME_STACKS = range(401, 631)
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
    header, values = _load(path)
    voxel_size, origin = _placement(header, values.shape)
    cell = header.cellb
    angles = float(cell.alpha), float(cell.beta), float(cell.gamma)
    return Density(
        values=values,
        voxel_size=voxel_size,
        origin=origin,
        name=path.name,
        cell_angles=(90.0, 90.0, 90.0) if not any(angles) else angles,
        header=header,
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
        compression = {".gz": "gzip", ".bz2": "bzip2"}.get(Path(path).suffix)
        with mrcfile.new(temporary, overwrite=True, compression=compression) as mrc:
            if density.header is None:
                mrc.set_data(np.asarray(density.values, dtype=np.float32))
                _place(mrc.header, density)
            else:
                _write_like(mrc, density, density.header)


class _Axes:
    """Which file axis (column, row, section) runs along which of x, y, z."""

    def __init__(self, crs: tuple[int, int, int]):
        self.crs = crs
        # File arrays are [section, row, column]; ours are [z, y, x].
        self.transpose = tuple(2 - crs.index(axis) for axis in (3, 2, 1))

    def to_xyz(self, per_file_axis):
        return [per_file_axis[self.crs.index(axis)] for axis in (1, 2, 3)]


def _file_axes(header: np.recarray, path: Path) -> _Axes:
    crs = _crs(header)
    if sorted(crs) != [1, 2, 3]:
        raise MapFileError(f"{path.name} has axis order {crs}; the header is damaged.")
    return _Axes(crs)


def _crs(header: np.recarray) -> tuple[int, int, int]:
    crs = int(header.mapc), int(header.mapr), int(header.maps)
    return crs if any(crs) else (1, 2, 3)


def _placement(header: np.recarray, shape) -> tuple[tuple, tuple]:
    """Return voxel size and origin along x, y, z in Å; ``shape`` is (z, y, x)."""
    grid = [int(n) for n in (header.mx, header.my, header.mz)]
    cell = [float(c) for c in (header.cella.x, header.cella.y, header.cella.z)]
    # A header without a sampling means one unit cell over the whole box.
    grid = [g or n for g, n in zip(grid, reversed(shape), strict=True)]
    voxel_size = tuple(c / g for c, g in zip(cell, grid, strict=True))
    origin = [float(o) for o in (header.origin.x, header.origin.y, header.origin.z)]
    # Before MRC2000 ("MAP ") these words were free for any use.
    if not _is_mrc2000(header) or not any(origin) or not np.all(np.isfinite(origin)):
        axes = _Axes(_crs(header))
        start = axes.to_xyz([int(n) for n in (header.nxstart, header.nystart, header.nzstart)])
        origin = [n * size for n, size in zip(start, voxel_size, strict=True)]
    return voxel_size, tuple(origin)


def _is_mrc2000(header: np.recarray) -> bool:
    return bytes(header.map)[:3] == b"MAP"


def _has_unsigned_bytes(header: np.recarray) -> bool:
    if int(header.mode) != 0:
        return False
    spare = bytes(header.extra2)
    stamp, flags = np.frombuffer(spare[40:48], header.mode.dtype)
    return not _is_mrc2000(header) or (stamp == IMOD_STAMP and not flags & IMOD_SIGNED)


def _load(path: Path) -> tuple[np.recarray, NDArray[np.float32]]:
    if not path.is_file():
        raise MapFileError(f"{path} does not exist or is not a file.")
    try:
        opener, expansion = _opener(path)
        with opener(path, "rb") as file:
            _check_header(file.read(HEADER_DTYPE.itemsize), path)
        header = _header(path)
        shape, dtype = _stored(header, path)
        # Before memory is allocated.
        if math.prod(shape) * dtype.itemsize > expansion * path.stat().st_size:
            raise _truncated(path)
        with opener(path, "rb") as file:
            file.seek(HEADER_DTYPE.itemsize + int(header.nsymbt))
            return header, _values(file, shape, dtype, _file_axes(header, path), path)
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


def _header(path: Path) -> np.recarray:
    with warnings.catch_warnings():
        # Old programs omit the word 'MAP ' or write a wrong machine stamp, of which mrcfile warns.
        warnings.simplefilter("ignore", RuntimeWarning)
        with mrcfile.open(path, permissive=True, header_only=True) as mrc:
            header = mrc.header.copy().view(np.recarray)
    # mrcfile goes by the stamp alone if the mode is 0, which is the same in both byte orders.
    if not _is_plausible(header):
        raise MapFileError(f"{path.name} is not an MRC map (its header makes no sense).")
    return header


def _stored(header: np.recarray, path: Path) -> tuple[tuple[int, int, int], np.dtype]:
    """Return the shape (section, row, column) and the type of the volume in a file."""
    shape = data_shape_from_header(header)
    if len(shape) == 4 and shape[0] == 1:
        shape = shape[1:]
    if len(shape) != 3:
        what = "a single image" if len(shape) == 2 else f"a stack of {shape[0]} volumes"
        raise MapFileError(f"{path.name} holds {what}; give a single 3-D map.")
    unsigned = _has_unsigned_bytes(header)
    return shape, np.dtype(np.uint8) if unsigned else data_dtype_from_header(header)


def _values(
    file: BufferedIOBase, shape: tuple[int, int, int], dtype: np.dtype, axes: _Axes, path: Path
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
    for part in slabs(shape[0], thickness):
        filled = block[: len(part)]
        if file.readinto(filled.view(np.uint8).data) < filled.nbytes:
            raise _truncated(path)
        sections[part.start : part.stop] = filled
    # Only at its end does a compressed file compare its checksum. There is rarely more data, and
    # what is more than another map is not read.
    for _ in slabs(shape[0], thickness):
        if not file.readinto(block.view(np.uint8).data):
            break
    return values


def _truncated(path: Path) -> MapFileError:
    return MapFileError(f"{path.name} is truncated: it ends before its last section.")


def _check_header(start: bytes, path: Path) -> None:
    """Reject files that are not maps, before mrcfile allocates the memory that a header demands."""
    if len(start) < HEADER_DTYPE.itemsize:
        raise MapFileError(f"{path.name} is not an MRC map (shorter than a header).")
    # A wrong machine stamp is common; sizes only make sense in the right byte order.
    headers = (np.frombuffer(start, HEADER_DTYPE.newbyteorder(order))[0] for order in "<>")
    mode = next((int(header["mode"]) for header in headers if _is_plausible(header)), None)
    if mode is None:
        raise MapFileError(f"{path.name} is not an MRC map (its header makes no sense).")
    if mode not in MODES:
        kind = {3: "complex", 4: "complex", 16: "RGB"}.get(mode, "unsupported")
        known = ", ".join(f"{m} ({t})" for m, t in MODES.items())
        raise MapFileError(
            f"{path.name} has {kind} data (mode {mode}); supported modes are {known}."
        )


def _is_plausible(header: np.void | np.recarray) -> bool:
    return bool(
        all(0 < header[name] <= MAX_EDGE for name in ("nx", "ny", "nz"))
        and 0 <= header["mode"] <= MAX_MODE
        and 0 <= header["nsymbt"] <= MAX_EXTENDED_HEADER
        and (header["ispg"] not in VOLUME_STACKS or header["mz"] > 0)
    )


def _write_like(mrc: mrcfile.mrcfile.MrcFile, density: Density, header: np.recarray) -> None:
    data = np.transpose(density.values, np.argsort(_Axes(_crs(header)).transpose))
    mrc.set_data(np.ascontiguousarray(data, dtype=np.float32))
    kept = "nxstart nystart nzstart mx my mz cella cellb mapc mapr maps ispg origin nlabl label"
    for name in kept.split():
        mrc.header[name] = header[name]
    if _placement(mrc.header, density.values.shape) != (density.voxel_size, density.origin):
        # The density was moved or resampled, or its header repaired: write its own geometry.
        _place(mrc.header, density)


def _place(header: np.recarray, density: Density) -> None:
    header.nxstart = header.nystart = header.nzstart = 0
    header.mx, header.my, header.mz = reversed(density.values.shape)
    header.cella = tuple(
        n * s for n, s in zip(reversed(density.values.shape), density.voxel_size, strict=True)
    )
    header.origin = density.origin
