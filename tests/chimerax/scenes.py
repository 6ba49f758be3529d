"""Small maps to run the commands on, and the sentences with which commands refuse."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter


def blobs(shape=(48, 40, 56), voxel_size=2.0, resolution=6.0, seed=1):
    """Make an array with a cluster of atoms, blurred, in solvent with noise."""
    random = np.random.default_rng(seed)
    atoms = np.zeros(shape, np.float32)
    center = np.array(shape) / 2
    positions = np.rint(random.normal(center, np.array(shape) / 9, (1500, 3))).astype(int)
    inside = np.all((positions > 4) & (positions < np.array(shape) - 4), axis=1)
    np.add.at(atoms, tuple(positions[inside].T), 1)
    density = gaussian_filter(atoms, resolution / voxel_size / 3)
    noise = gaussian_filter(random.normal(size=shape), 1.0)
    return (density / density.max() + 0.03 * noise / noise.std()).astype(np.float32)


def open_array(session, values, origin=(10.0, -20.0, 30.0), step=(2.0, 2.0, 2.0), name="map"):
    from chimerax.map import volume_from_grid_data
    from chimerax.map_data import ArrayGridData

    grid = ArrayGridData(values, origin, step, name=name)
    volume = volume_from_grid_data(grid, session, show_dialog=False)
    volume.update_drawings()
    return volume


def refusal(do, command):
    """Run a command that must be refused, and return the sentence that refuses it."""
    from chimerax.core.errors import UserError

    with pytest.raises(UserError) as raised:
        do(command)
    return str(raised.value)
