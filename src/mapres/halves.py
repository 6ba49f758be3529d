"""Half maps: whether two of them are what they should be, and what they say of the resolution."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .density import Density
from .fsc import fourier_shell_correlation

HalfMaps = tuple[Density, Density]
# Correlation within the mask: sharpening lowers it, but half maps of another molecule give 0.
LITTLE_AGREEMENT = 0.2
# Independent noise keeps any two half maps further apart than this share of their own spread.
LEAST_DIFFERENCE = 1e-3
SOFT_EDGE = 3.0


def identity_doubts(half1: Density, half2: Density) -> Iterator[str]:
    """Say so if two half maps are one and the same."""
    difference = float((half1.values - half2.values).std())
    if difference < LEAST_DIFFERENCE * float(half1.values.std()):
        yield "The two half maps are the same map; give two independent ones."


def half_map_doubts(
    density: Density, half_maps: HalfMaps, inside: NDArray[np.bool_]
) -> Iterator[str]:
    """Say why two half maps can hardly be those of the map; nothing where they may be.

    Parameters
    ----------
    density : the map
    half_maps : on its grid
    inside : bool array, shape (z, y, x), the molecule
    """
    yield from identity_doubts(*half_maps)
    first, second = (half.values for half in half_maps)
    mean = first[inside] + second[inside]
    agreement = float(np.corrcoef(mean, density.values[inside])[0, 1])
    if not agreement >= LITTLE_AGREEMENT:
        yield (
            f"The half maps correlate only {agreement:.2f} with {density.name}; "
            "check that they belong to it."
        )


def half_map_resolution(
    density: Density, half_maps: HalfMaps, inside: NDArray[np.bool_]
) -> float | None:
    """Return where the FSC inside the molecule falls below 0.143 (Å), None if it is never above.

    The mask gets a 3 Å soft edge, and what it alone makes is taken off by phase randomisation.
    """
    soft = ndimage.gaussian_filter(inside.astype(np.float32), SOFT_EDGE / density.spacing)
    first, second = (half.values for half in half_maps)
    curve = fourier_shell_correlation(first, second, density.voxel_size, soft)
    return curve.resolution["0.143"]
