"""Reading and writing MRC2014/CCP4 maps, plain, gzipped or bzipped, through mrcfile."""

from __future__ import annotations

import os
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path

import mrcfile
import numpy as np
from numpy.typing import NDArray

from .density import Density
from .errors import MapFileError, OutputError

MODES = {0: "int8", 1: "int16", 2: "float32", 6: "uint16", 12: "float16"}
# 2048^3 float32 is 34 GB: more is a damaged header, not a map.
MAX_EDGE = 4096


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
    header, data = _load(path)
    axes = _file_axes(header, path)
    values = np.ascontiguousarray(np.transpose(data, axes.transpose), dtype=np.float32)
    grid = [int(n) for n in (header.mx, header.my, header.mz)]
    cell = [float(c) for c in (header.cella.x, header.cella.y, header.cella.z)]
    # A header without a sampling means one unit cell over the whole box.
    grid = [g or n for g, n in zip(grid, reversed(values.shape), strict=True)]
    voxel_size = tuple(c / g for c, g in zip(cell, grid, strict=True))
    angles = tuple(float(a) for a in (header.cellb.alpha, header.cellb.beta, header.cellb.gamma))
    return Density(
        values=values,
        voxel_size=voxel_size,
        origin=_origin(header, axes, voxel_size),
        name=path.name,
        cell_angles=(90.0, 90.0, 90.0) if not any(angles) else angles,
        header=header,
    )


def write(path: str | os.PathLike, density: Density) -> None:
    """Write a density as float32 (mode 2), whole or not at all.

    Voxel size, origin, axis order and labels are those of ``density.header`` where it has one. A
    name ending in ``.gz`` or ``.bz2`` is compressed.

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
                mrc.set_volume()
                mrc.voxel_size = density.voxel_size
                mrc.header.origin = density.origin
            else:
                _write_like(mrc, density)


@contextmanager
def replacing(path: str | os.PathLike):
    """Yield a temporary name beside ``path``, renamed to it only when the block ends well.

    Raises
    ------
    OutputError
        If the folder is missing or cannot be written.
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise OutputError(f"the folder {path.parent} does not exist; make it or choose another.")
    try:
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    except OSError as error:
        raise OutputError(f"cannot write in {path.parent} ({error.strerror}).") from error
    os.close(handle)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except OSError as error:
        raise OutputError(f"cannot write {path} ({error.strerror or error}).") from error
    finally:
        Path(temporary).unlink(missing_ok=True)


class _Axes:
    """Which file axis (column, row, section) runs along which of x, y, z."""

    def __init__(self, crs: tuple[int, int, int]):
        self.crs = crs
        # File arrays are [section, row, column]; ours are [z, y, x].
        self.transpose = tuple(2 - crs.index(axis) for axis in (3, 2, 1))

    def to_xyz(self, per_file_axis):
        return [per_file_axis[self.crs.index(axis)] for axis in (1, 2, 3)]


def _file_axes(header: np.recarray, path: Path) -> _Axes:
    crs = tuple(int(a) for a in (header.mapc, header.mapr, header.maps))
    if crs == (0, 0, 0):
        crs = (1, 2, 3)
    if sorted(crs) != [1, 2, 3]:
        raise MapFileError(f"{path.name} has axis order {crs}; the header is damaged.")
    return _Axes(crs)


def _origin(header: np.recarray, axes: _Axes, voxel_size) -> tuple[float, float, float]:
    origin = [float(o) for o in (header.origin.x, header.origin.y, header.origin.z)]
    if not any(origin):
        start = axes.to_xyz([int(n) for n in (header.nxstart, header.nystart, header.nzstart)])
        origin = [n * size for n, size in zip(start, voxel_size, strict=True)]
    return tuple(origin)


def _load(path: Path) -> tuple[np.recarray, NDArray]:
    if not path.is_file():
        raise MapFileError(f"{path} does not exist or is not a file.")
    try:
        with warnings.catch_warnings():
            # Old programs write no 'MAP ' word or a wrong machine stamp: mrcfile warns, we check.
            warnings.simplefilter("ignore", RuntimeWarning)
            with mrcfile.open(path, permissive=True, header_only=True) as mrc:
                header = mrc.header.copy().view(np.recarray)
            _check_header(header, path)
            with mrcfile.open(path, permissive=True) as mrc:
                data = mrc.data
    except (ValueError, EOFError, OSError) as error:
        if isinstance(error, MapFileError):
            raise
        raise MapFileError(f"{path.name} cannot be read as an MRC map ({error}).") from error
    if data is None:
        raise MapFileError(f"{path.name} is truncated: it ends before its last section.")
    if data.ndim != 3:
        raise MapFileError(f"{path.name} holds {data.ndim}-D data; give a single 3-D map.")
    return header, data


def _check_header(header: np.recarray, path: Path) -> None:
    mode, size = int(header.mode), [int(n) for n in (header.nx, header.ny, header.nz)]
    plausible = all(0 < n <= MAX_EDGE for n in size) and 0 <= mode <= 200
    if not plausible:
        raise MapFileError(f"{path.name} is not an MRC map (its header makes no sense).")
    if mode not in MODES:
        kind = {3: "complex", 4: "complex", 16: "RGB"}.get(mode, "unsupported")
        known = ", ".join(f"{m} ({t})" for m, t in MODES.items())
        raise MapFileError(f"{path.name} has {kind} data (mode {mode}); modes read are {known}.")


def _write_like(mrc: mrcfile.mrcfile.MrcFile, density: Density) -> None:
    header = density.header
    crs = tuple(int(a) for a in (header.mapc, header.mapr, header.maps))
    axes = _Axes(crs if any(crs) else (1, 2, 3))
    data = np.transpose(density.values, np.argsort(axes.transpose))
    mrc.set_data(np.ascontiguousarray(data, dtype=np.float32))
    kept = "nxstart nystart nzstart mx my mz cella cellb mapc mapr maps ispg origin nlabl label"
    for name in kept.split():
        mrc.header[name] = header[name]
