"""The U-Nets of Avramov et al. 2019: local resolution in classes of 1 Å, from cubes of a map."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..features.avramov2019 import CLASSES, LIMITS, MIDDLES, blocks, masked, padded, whole
from ..networks.registry import Predict, load
from ..progress import Progress
from .method import MANY, Measured, Method, MethodInput

BATCH = 16
UNUSED_HALF_MAPS = "The half maps were not used: this network takes the map alone."


def predict_classes(
    values: NDArray, inside: NDArray[np.bool_], predict: Predict, progress: Progress
) -> NDArray[np.uint8]:
    """Predict the classes of a map by a U-Net, cube by cube.

    Parameters
    ----------
    values : array, shape (z, y, x)
    inside : bool array, shape (z, y, x), the mask
    predict : from cubes, shape (n, 16, 16, 16), to probabilities, shape (n, 16, 16, 16, 10)
    progress : called with (fraction, message) before every batch

    Returns
    -------
    uint8 array, shape (z, y, x), 0 to 9; 0 in empty cubes
    """
    parts = blocks(padded(masked(values, inside), 0))
    classes = np.zeros(parts.shape, dtype=np.uint8)
    full = np.flatnonzero(parts.any(axis=(1, 2, 3)))
    for start in range(0, len(full), BATCH):
        progress(start / len(full), f"cube {start + 1} of {len(full)}")
        chosen = full[start : start + BATCH]
        classes[chosen] = np.argmax(predict(parts[chosen]), axis=-1)
    return whole(classes, values.shape)


def _run(model: str, given: MethodInput) -> Measured:
    density, inside = given.density, given.inside
    network = load(model, given.device)
    classes = predict_classes(density.values, inside, network.predict, given.progress)
    values = np.where(inside, np.maximum(MIDDLES[classes], density.nyquist), 0)
    beyond = inside & (classes == CLASSES - 1)
    fraction = float(np.mean(beyond[inside]))
    warnings = network.notes
    if given.half_maps is not None:
        warnings += (UNUSED_HALF_MAPS,)
    if fraction > MANY:
        warnings += (
            f"{fraction:.0%} of the voxels are coarser than {LIMITS[-1]:g} Å and are set to it.",
        )
    note = (
        f"Predicted by the network {network.label} in classes of 1 Å; values are their middles, or "
        f"{LIMITS[-1]:g} Å for everything coarser."
    )
    return Measured(
        values.astype(np.float32),
        beyond,
        notes=(note,),
        warnings=warnings,
        finest=max(float(MIDDLES[0]), density.nyquist),
        model=network.label,
        provider=network.provider,
    )


METHODS = tuple(
    Method(
        name=name,
        label=f"U-Net ({labels})",
        summary="One map: classes of 1 Å, as published; not reliable.",
        run=partial(_run, name),
        models=(name,),
    )
    for name, labels in (("unet-monores", "MonoRes"), ("unet-resmap", "ResMap"))
)
