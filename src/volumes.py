"""From ChimeraX's maps to the core's densities: always the whole grid, always its place."""

from __future__ import annotations

import numpy as np
from chimerax.core.errors import UserError

from .mapres.density import Density
from .result_volumes import is_result


def name_of(map) -> str:
    """Name a map as the log does, with its number: many maps are called the same."""
    return f"{map.name} #{map.id_string}"


def density_of(map) -> Density:
    """Return the whole map, whatever region and step of it are shown.

    The values may be the live array of the map, which nothing writes to. In a window the user may,
    while another thread reads it, so that there it is copied.
    """
    grid, values = map.data, map.full_matrix()
    if np.isrealobj(values):
        # Complex values stay as they are: the core refuses them, a cast would drop half of them.
        values = values.astype(np.float32, copy=map.session.ui.is_gui)
    return Density(
        values=values,
        voxel_size=_voxel_size(grid),
        origin=tuple(float(x) for x in grid.origin),
        name=name_of(map),
        cell_angles=tuple(float(angle) for angle in grid.cell_angles),
    )


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


def required(maps):
    """Return those of some volumes that are maps; there must be one."""
    maps = [map for map in maps or () if not is_result(map)]
    if not maps:
        raise UserError("No map was specified; give a map, for example #1.")
    return maps


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
