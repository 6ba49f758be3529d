"""Between ChimeraX's volumes and the core's densities: always the whole grid, always its place."""

from __future__ import annotations

import numpy as np
from chimerax.map import volume_from_grid_data
from chimerax.map_data import ArrayGridData

from .mapres.density import Density


def name_of(map) -> str:
    """Name a map as the log does, with its number: many maps are called the same."""
    return f"{map.name} #{map.id_string}"


def density_of(map) -> Density:
    """Return the whole map, whatever region and step of it are shown.

    The values are often the live array of the map; nothing here or in the worker writes to it.
    """
    grid = map.data
    return Density(
        values=np.asarray(map.full_matrix(), dtype=np.float32),
        voxel_size=tuple(float(size) for size in grid.step),
        origin=tuple(float(x) for x in grid.origin),
        name=name_of(map),
        cell_angles=tuple(float(angle) for angle in grid.cell_angles),
    )


def open_result(map, result):
    """Open a `LocalResolution` as a hidden volume that lies on the map, wherever that was moved.

    Scripts find the result itself, with its mask, as the volume's ``local_resolution``.
    """
    grid = map.data
    data = ArrayGridData(
        result.values,
        grid.origin,
        grid.step,
        grid.cell_angles,
        grid.rotation,
        grid.symmetries,
        name=f"{map.name} local resolution",
    )
    volume = volume_from_grid_data(data, map.session, open_model=False, show_dialog=False)
    volume.local_resolution = result
    volume.display = False
    volume.position = map.scene_position
    map.session.models.add([volume])
    return volume
