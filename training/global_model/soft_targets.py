"""What the default network is trained toward: a distribution for every resolution."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mapres.features.distribution import CENTERS, class_of


def soft_targets(resolution: NDArray, width: float = 0.05) -> NDArray[np.float32]:
    """Return one row of bin probabilities per resolution (Å): a Gaussian of ``width`` in ln Å.

    What would lie in another class than the resolution is left out: near a limit the class is
    known for certain.
    """
    resolution = np.asarray(resolution)[:, None]
    offset = (np.log(CENTERS) - np.log(resolution)) / width
    density = np.exp(-0.5 * offset**2) * (class_of(CENTERS) == class_of(resolution))
    return (density / density.sum(axis=1, keepdims=True)).astype(np.float32)
