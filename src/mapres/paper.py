"""What the classifiers of Avramov et al. 2019 (Molecules 24, 1181, section 2.3) see of a map.

They know no voxel size: the central 64³ voxels, scaled by the extremes of the whole map.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BOX = 64


def min_max(values: NDArray) -> NDArray[np.float32]:
    """Scale an array linearly to [0, 1]; a constant one becomes 0."""
    low, high = float(values.min()), float(values.max())
    return ((values - low) / max(high - low, 1e-30)).astype(np.float32)


def central_box(values: NDArray) -> NDArray[np.float32]:
    """Return the middle 64³ of a map scaled to [0, 1]; a shorter axis gets zeros at its end.

    Parameters
    ----------
    values : array, shape (z, y, x)

    Returns
    -------
    float32 array, shape (64, 64, 64)
    """
    starts = [max(0, (n - BOX) // 2) for n in values.shape]
    middle = min_max(values)[tuple(slice(start, start + BOX) for start in starts)]
    return np.pad(middle, [(0, BOX - n) for n in middle.shape])
