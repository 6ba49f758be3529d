"""Decoys: noise, plain shapes and crystal cells on the grid of a simulated map; no molecule.

Sizes are those of the molecule that was simulated, so that they look as much like one as they can.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mapres.density import MIN_BOX
from mapres.fourier import filtered, forward, inverse
from training.simulate.draw import Example


def _white(e: Example, rng: np.random.Generator) -> NDArray:
    return rng.standard_normal(e.density.values.shape, dtype=np.float32)


def _colored(e: Example, rng: np.random.Generator) -> NDArray:
    slope = rng.uniform(0.5, 2.0)
    return filtered(_white(e, rng), e.density.voxel_size, lambda s2: (1 + 100 * s2) ** (-slope / 4))


def _random_phases(e: Example, rng: np.random.Generator) -> NDArray:
    amplitude, noise = np.abs(forward(e.density.values)), forward(_white(e, rng))
    return inverse(amplitude * noise / np.maximum(np.abs(noise), 1e-30), e.density.values.shape)


def _masked(e: Example, rng: np.random.Generator) -> NDArray:
    return _colored(e, rng) * _soft(e.mask)


def _ellipsoid(e: Example, rng: np.random.Generator) -> NDArray:
    return _soft(_radius(e, rng.uniform(0.7, 1.3, 3)) < 1)


def _noisy_ellipsoid(e: Example, rng: np.random.Generator) -> NDArray:
    return _ellipsoid(e, rng) + rng.uniform(0.02, 0.1) * _white(e, rng)


def _gaussian(e: Example, rng: np.random.Generator) -> NDArray:
    return np.exp(-1.5 * _radius(e, rng.uniform(0.7, 1.3, 3)) ** 2)


def _box(e: Example, rng: np.random.Generator) -> NDArray:
    half = 0.4 * np.cbrt(e.mask.sum()) * rng.uniform(0.7, 1.3, 3)
    axes = _axes(e.mask.shape)
    inside = [np.abs(axis) < h for axis, h in zip(axes, half, strict=True)]
    return _soft(inside[0] & inside[1] & inside[2])


def _mask(e: Example, rng: np.random.Generator) -> NDArray:
    return _soft(ndimage.binary_dilation(e.mask, iterations=2))


def _gradient(e: Example, rng: np.random.Generator) -> NDArray:
    ramp = sum(
        rate * axis / n
        for rate, axis, n in zip(
            rng.standard_normal(3), _axes(e.mask.shape), e.mask.shape, strict=True
        )
    )
    return ramp + rng.uniform(0, 0.2) * _white(e, rng)


def _outlier(e: Example, rng: np.random.Generator) -> NDArray:
    values = rng.choice([0.0, 1.0]) * _white(e, rng)
    values[tuple(rng.integers(0, n) for n in values.shape)] = rng.uniform(100, 1000)
    return values


def _crystal(e: Example) -> NDArray | None:
    """Return the molecule's own box as a cell whose origin is inside the molecule."""
    (place,) = ndimage.find_objects(e.mask.astype(np.uint8))
    cell = e.density.values[place]
    if min(cell.shape) < MIN_BOX:
        return None
    return np.roll(cell, [n // 2 for n in cell.shape], axis=(0, 1, 2))


def _soft(inside: NDArray) -> NDArray[np.float32]:
    return ndimage.gaussian_filter(inside.astype(np.float32), 1.0)


def _axes(shape: tuple[int, ...]) -> list[NDArray]:
    centered = [np.arange(n, dtype=np.float32) - n / 2 for n in shape]
    return np.meshgrid(*centered, indexing="ij", sparse=True)


def _radius(e: Example, stretch: NDArray) -> NDArray[np.float32]:
    """Return the distance from the center, 1 at an ellipsoid with the molecule's volume."""
    radius = np.cbrt(e.mask.sum() / (4 / 3 * np.pi))
    squares = (
        (axis / (radius * s)) ** 2 for axis, s in zip(_axes(e.mask.shape), stretch, strict=True)
    )
    return np.sqrt(sum(squares))


DECOYS: dict[str, Callable[[Example, np.random.Generator], NDArray]] = {
    "white noise": _white,
    "colored noise": _colored,
    "the map's amplitudes, random phases": _random_phases,
    "noise in the molecule's mask": _masked,
    "ellipsoid": _ellipsoid,
    "ellipsoid in noise": _noisy_ellipsoid,
    "Gaussian": _gaussian,
    "box": _box,
    "the molecule's mask": _mask,
    "gradient": _gradient,
    "outliers": _outlier,
}
CELLS: dict[str, Callable[[Example], NDArray | None]] = {"cell of a crystal": _crystal}
