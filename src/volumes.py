"""From ChimeraX's maps to the core's densities: always the whole grid, always its place."""

from __future__ import annotations

import numpy as np
from chimerax.atomic import Structure
from chimerax.core.commands import ModelsArg
from chimerax.core.errors import UserError
from chimerax.map import MapsArg, Volume

from .log import as_user_errors
from .mapres.density import Density
from .mapres.headers.geometry import geometry_notes, placement
from .mapres.headers.numbers import is_turned_round, stored_type
from .mapres.io import header_at
from .result_volumes import is_result


def name_of(map) -> str:
    """Name a map as the log does, with its number: many maps are called the same."""
    return f"{map.name} #{map.id_string}"


def density_of(map) -> Density:
    """Return the whole map, whatever region and step of it are shown.

    The values may be the live array of the map, which nothing writes to. In a window the user may,
    while another thread reads it, so that there it is copied.
    """
    grid, values, name = map.data, map.full_matrix(), name_of(map)
    header = _header(grid)
    values, notes = (values, []) if header is None else _as_stored(values, header)
    if np.isrealobj(values):
        # Complex values stay as they are: the core refuses them, a cast would drop half of them.
        values = values.astype(np.float32, copy=map.session.ui.is_gui)
    voxel_size, origin = _voxel_size(grid), tuple(float(x) for x in grid.origin)
    as_read = header is not None and grid.step == grid.original_step
    if as_read and (found := geometry_notes(header, values.shape)):
        voxel_size, origin = placement(header, values.shape)
        notes += found
    return Density(
        values=values,
        voxel_size=voxel_size,
        origin=origin,
        name=name,
        cell_angles=tuple(float(angle) for angle in grid.cell_angles),
        notes=tuple(f"{name} {note}." for note in notes),
    )


def _header(grid):
    """Return the header of the MRC file of a grid as the core reads it, or None."""
    if not hasattr(grid, "file_header") or not isinstance(grid.path, str):
        return None
    with as_user_errors():
        return header_at(grid.path)


def _as_stored(values, header):
    """Return a file's numbers as its header means them, and notes where ChimeraX does not."""
    kind, note = stored_type(header)
    notes = []
    if note and values.dtype.kind in "iu" and values.dtype.itemsize == kind.itemsize:
        values = values.view(kind.newbyteorder("="))
        notes.append(note)
    if values.dtype.kind in "iuf" and is_turned_round(values, values.dtype):
        values = values.byteswap()
        notes.append("has data in the other byte order than its header, and was read so")
    return values, notes


def _voxel_size(grid) -> tuple[float, ...]:
    """Return Å along x, y, z, or zeros where nobody knows them: the core refuses those.

    ChimeraX makes up 1 Å where the header of an MRC file has no cell or no sampling. What the user
    has set since (``volume voxelSize``) is believed.
    """
    header = getattr(grid, "file_header", {})
    given = [header.get(key, 1) for key in ("mx", "my", "mz", "xlen", "ylen", "zlen")]
    # Written so that NaN fails.
    if grid.step == grid.original_step and not all(number > 0 for number in given):
        return 0.0, 0.0, 0.0
    return tuple(float(size) for size in grid.step)


class Maps(list):
    """Volumes that a user named; ``others`` are the models named that are none."""

    others = ()


class MapsOrWhyNotArg(MapsArg):
    """Volumes, with what else was named: an atomic model, say, is told by its name."""

    @classmethod
    def parse(cls, text, session):
        """Parse a specifier."""
        models, used, rest = ModelsArg.parse(text, session)
        maps = Maps(model for model in models if isinstance(model, Volume))
        maps.others = [model for model in models if not isinstance(model, Volume)]
        return maps, used, rest


def required(maps):
    """Return those of some volumes that are maps; there must be one."""
    found = [map for map in maps or () if not is_result(map)]
    if not found:
        raise UserError(f"No map was specified{_instead(maps)}; give a map, for example #1.")
    return found


def _instead(maps):
    """Return what was named in place of a map, in words."""
    others = [*(maps or ()), *getattr(maps, "others", ())]
    if not others:
        return ""
    kind = "no map"
    if is_result(others[0]):
        kind = "a result of MapRes"
    elif isinstance(others[0], Structure):
        kind = "an atomic model"
    return f": {name_of(others[0])} is {kind}"


def check_open(maps):
    """Refuse to go on with maps that were closed while they, or others, were measured."""
    for map in maps:
        if map.deleted:
            raise UserError(f"{map.name} was closed meanwhile; nothing was changed.")


def half_map_densities(maps, half_maps):
    """Return the two half maps of a single map as densities, None without any."""
    if half_maps is None:
        return None
    if len(half_maps) != 2:
        raise UserError(f"halfMaps must be two maps, got {len(half_maps)}; give both halves.")
    if len(maps) != 1:
        raise UserError(f"halfMaps belong to one map, got {len(maps)}; give one map at a time.")
    return tuple(density_of(half) for half in half_maps)


def indices_between(map, other):
    """Return what turns voxel indices of a map into those of another where the two lie now.

    Returns
    -------
    array, shape (3, 4), along z, y, x: see `mapres.results.compare.agreement`
    """
    place = (
        other.data.xyz_to_ijk_transform
        * other.scene_position.inverse()
        * map.scene_position
        * map.data.ijk_to_xyz_transform
    )
    matrix = place.matrix[::-1]
    return np.column_stack([matrix[:, 2::-1], matrix[:, 3]])


def indices_of(map, points):
    """Return where points of the scene, shape (n, 3), are in a map: voxels along z, y, x."""
    inside = map.scene_position.inverse() * points
    return (map.data.xyz_to_ijk_transform * inside)[:, ::-1]
