"""The shape of the density, measured on a coarse copy of a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .. import threads
from ..arrays.interpolate import block_means
from ..arrays.separable import gaussian_filtered
from ..density import Density

COARSE = 64
# Standard deviation of a Gaussian, Å. At 4 side chains and noise merge, at 8 domains do.
FINE, SMOOTH = 4.0, 8.0
# Width of ellipsoidal shells, in units of the molecule's standard deviation, and their number.
SHELL, SHELLS = 0.15, 100
FEWEST = 60


@dataclass(frozen=True)
class Shape:
    """Shape of the density at low resolution.

    Attributes
    ----------
    coupling : correlation of the smoothed density with its local standard deviation, times the root
        of the number of independent places, at 4 and 8 Å. Positive: dense regions have structure,
        as in molecules; within ±2: noise; negative: regions with structure have lower density
    skewness : of the density at 8 Å. Positive: a small part is denser than the rest
    open_face : least fraction of molecule on a face of the box: above 0 it touches all six
    slope : fraction of the variance that a linear function of the coordinates explains
    roundness : fraction of the variance inside the molecule that ellipsoidal shells explain
    unevenness : spread of the density deep inside the molecule, over its height
    """

    coupling: tuple[float, float]
    skewness: float
    open_face: float
    slope: float
    roundness: float
    unevenness: float


def measure_shape(density: Density, mask: NDArray[np.bool_]) -> Shape:
    """Measure the shape of a map without outliers, with its solvent at 0.

    Parameters
    ----------
    density : the map
    mask : bool array, shape (z, y, x), the molecule
    """
    factor = min(-(-max(mask.shape) // COARSE), *mask.shape)
    spacing = factor * density.spacing
    mean, square = _block_moments(density.values, factor)
    fine, _ = _structure(mean, square, FINE / spacing)
    smooth, skewness = _structure(mean, square, SMOOTH / spacing)
    roundness, unevenness = _inside(mean, block_means(mask, factor) > 0.5, spacing)
    faces = (mask.take(end, axis).mean() for axis in range(3) for end in (0, -1))
    return Shape(
        coupling=(fine, smooth),
        skewness=skewness,
        open_face=float(min(faces)),
        slope=_slope(mean),
        roundness=roundness,
        unevenness=unevenness,
    )


def _block_moments(values: NDArray, factor: int) -> tuple[NDArray, NDArray]:
    """Return means of the values, and of their squares, over blocks of ``factor`` voxels."""

    def part(planes: range) -> tuple[NDArray, NDArray]:
        some = values[planes.start * factor : planes.stop * factor]
        return block_means(some, factor), block_means(some**2, factor)

    parts = threads.run_each(part, threads.slabs(len(values) // factor, 4))
    mean, square = (np.concatenate(each) for each in zip(*parts, strict=True))
    return mean, square


def _structure(mean: NDArray, square: NDArray, sigma: float) -> tuple[float, float]:
    """Return the coupling and the skewness of a map smoothed with ``sigma`` coarse voxels."""
    sigma = min(max(0.8, sigma), min(mean.shape) / 8)
    smooth, smooth_square = _smoothed((mean, square), sigma)
    variance = np.clip(smooth_square - smooth**2, 0, None)
    density, spread = _standardized(smooth), _standardized(np.sqrt(variance))
    power = variance.astype(np.float64)
    voxels = power.sum() ** 2 / max(float(np.sum(power**2)), 1e-300)
    places = voxels / (2 * np.sqrt(np.pi) * sigma) ** 3
    return float(np.mean(density * spread) * np.sqrt(places)), float(np.mean(density * density**2))


def _smoothed(arrays: Sequence[NDArray], sigma: float) -> list[NDArray[np.float32]]:
    return gaussian_filtered(arrays, (sigma,) * 3, mode="reflect", truncate=4)


def _standardized(values: NDArray) -> NDArray[np.float64]:
    centered = values - values.mean(dtype=np.float64)
    return centered / max(float(centered.std()), 1e-30)


def _slope(mean: NDArray) -> float:
    """Return the squared correlation with the best linear function (axes are orthogonal)."""
    a = _standardized(mean)
    fraction = 0.0
    for axis, n in enumerate(mean.shape):
        ramp = _standardized(np.arange(n, dtype=np.float64))
        others = tuple(other for other in range(3) if other != axis)
        fraction += float(np.mean(a.mean(axis=others) * ramp)) ** 2
    return fraction


def _inside(mean: NDArray, inside: NDArray, spacing: float) -> tuple[float, float]:
    """Return roundness and unevenness; 0 and infinity if there is too little inside.

    Unevenness is the lesser of that of the map and of a smoothed copy: smoothing removes noise from
    a large body, but makes a small one uneven.
    """
    if inside.all() or np.count_nonzero(inside) < FEWEST:
        return 0.0, np.inf
    (smooth,) = _smoothed((mean,), max(0.8, FINE / spacing))
    smooth -= np.median(smooth[~inside])
    depth = ndimage.distance_transform_edt(inside)[inside]
    deep = depth >= np.percentile(depth, 80)
    uneven = (
        values.std() / max(abs(float(np.median(values))), 1e-30)
        for values in (mean[inside][deep], smooth[inside][deep])
    )
    points = np.argwhere(inside).astype(np.float64)
    return _roundness(points, smooth[inside].astype(np.float64)), float(min(uneven))


def _roundness(points: NDArray, density: NDArray) -> float:
    weight = np.clip(density, 0, None)
    if not weight.any():
        return 0.0
    centered = points - np.average(points, axis=0, weights=weight)
    covariance = (centered.T * weight) @ centered / weight.sum() + 1e-6 * np.eye(3)
    radius = np.sqrt(np.einsum("ij,jk,ik->i", centered, np.linalg.inv(covariance), centered))
    shell = np.minimum(radius / SHELL, SHELLS).astype(np.intp)
    means = np.bincount(shell, density) / np.maximum(np.bincount(shell), 1)
    total = float(np.sum((density - density.mean()) ** 2))
    return 1 - float(np.sum((density - means[shell]) ** 2)) / max(total, 1e-30)
