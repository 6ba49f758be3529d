"""Half maps as users hand them in wrongly, made of sound ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from mapres.density import Density
from mapres.fourier import filtered, radial_frequency
from mapres.half_maps import HalfMaps

Gain = Callable[[NDArray], NDArray]
# A filter's resolution over that of the half maps, and the resolutions between which a band is
# replaced by noise.
COARSER, BAND = 1.8, (2.4, 1.7)
# Amplitude of what both have in common, over that of their noise; and of what tells copies apart,
# over their own.
COMMON, OWN = (0.5, 1.0), 0.005
# Å: how far outside the molecule masks begin to fall, and over which edge.
TIGHT, SOFT = (0.0, 0.0), (4.0, 5.0)
# Of the edge of the box: a sphere; in standard deviations, the constant outside it.
RADIUS, OUTSIDE = 0.42, 5.0


@dataclass(frozen=True, eq=False)
class Pair:
    """Sound half maps, and what is known of them.

    Attributes
    ----------
    halves : the two
    molecule : bool array, shape (z, y, x)
    resolution : Å
    rng : of all that is drawn
    """

    halves: HalfMaps
    molecule: NDArray[np.bool_]
    resolution: float
    rng: np.random.Generator

    def each(self, change: Callable[[NDArray], NDArray]) -> HalfMaps:
        """Return both, changed alike."""
        first, second = (changed(half, change) for half in self.halves)
        return first, second

    @property
    def away(self) -> NDArray:
        """Å outside the molecule, shape (z, y, x)."""
        spacing = self.halves[0].spacing
        return ndimage.distance_transform_edt(~self.molecule, sampling=spacing)


def changed(half: Density, change: Callable[[NDArray], NDArray]) -> Density:
    """Return a map with other values."""
    return half.with_values(np.ascontiguousarray(change(half.values), dtype=np.float32))


def low_pass(resolution: float, shape: str) -> Gain:
    """Return the gain at |s|² (1/Å²) of a filter that halves amplitudes at a resolution, Å."""

    def gain(s2: NDArray) -> NDArray:
        s = np.sqrt(s2) * resolution
        if shape == "sigmoid":
            return 1 / (1 + np.exp(np.clip((s - 1) / 0.05, -50, 50)))
        if shape == "Butterworth":
            # At the order of 8, where the amplitude is halved.
            return 1 / np.sqrt(1 + 3 * s**16)
        if shape == "Gaussian edge":
            return np.exp(-np.log(2) * (np.maximum(s - 0.9, 0) / 0.1) ** 2)
        return 0.5 + 0.5 * np.cos(np.pi * np.clip((s - 0.9) / 0.2, 0, 1))

    return gain


def _low_passed(pair: Pair, shape: str) -> HalfMaps:
    size, gain = pair.halves[0].voxel_size, low_pass(COARSER * pair.resolution, shape)
    return pair.each(lambda values: filtered(values, size, gain))


def _of_common_noise(pair: Pair, amplitude: float) -> HalfMaps:
    first, second = (half.values for half in pair.halves)
    # Noise as theirs, but of other voxels.
    shift = tuple(n // 2 for n in first.shape)
    noise = np.roll(first - second, shift, axis=(0, 1, 2)) / np.sqrt(2)
    return pair.each(lambda values: values + amplitude * noise)


def _copied(pair: Pair) -> HalfMaps:
    first = pair.halves[0]
    own = OWN * first.values.std() * pair.rng.standard_normal(first.values.shape)
    return first, changed(first, lambda values: 2 * values + own)


def _with_full_map(pair: Pair) -> HalfMaps:
    first, second = pair.halves
    return first, changed(second, lambda values: 0.5 * (values + first.values))


def _sharpened(pair: Pair) -> HalfMaps:
    first = pair.halves[0]
    b_factor = 2 * pair.resolution**2
    gain = lambda s2: np.exp(b_factor * s2 / 4)  # noqa: E731
    return first, changed(first, lambda values: filtered(values, first.voxel_size, gain))


def _masked(pair: Pair, distance: float, edge: float) -> HalfMaps:
    away = pair.away
    mask = np.clip((distance + edge - away) / edge, 0, 1) if edge else away <= distance
    return pair.each(lambda values: values * mask)


def _in_sphere(pair: Pair) -> HalfMaps:
    shape = pair.molecule.shape
    grid = np.meshgrid(*((np.arange(n) - n // 2) / n for n in shape), indexing="ij")
    inside = sum(axis**2 for axis in grid) < RADIUS**2
    return pair.each(lambda values: np.where(inside, values, OUTSIDE * values.std()))


def _second(change: Callable[[NDArray], NDArray]) -> Callable[[Pair], HalfMaps]:
    return lambda pair: (pair.halves[0], changed(pair.halves[1], change))


def _dipping(pair: Pair) -> HalfMaps:
    """Replace a band by noise of the same power."""
    size, shape = pair.halves[0].voxel_size, pair.molecule.shape
    s = radial_frequency(shape, size) * pair.resolution
    band = (s > 1 / BAND[0]) & (s < 1 / BAND[1])

    def drown(values: NDArray) -> NDArray:
        noise = pair.rng.standard_normal(shape, dtype=np.float32)
        noise = filtered(noise, size, lambda _: band.astype(np.float32))
        signal = filtered(values, size, lambda _: band.astype(np.float32))
        return values - signal + float(signal.std() / noise.std()) * noise

    return pair.each(drown)


DIPPING = "noise in a band"
FILTERED, SHARED, TURNED = "filtered half maps", "half maps that share noise", "turned half maps"
MASKED = "masked half maps", "half maps masked tightly"
# What is done, and the rows of the table of checks of which one should say it.
FAULTS: dict[str, tuple[Callable[[Pair], HalfMaps], tuple[str, ...]]] = {
    **{
        f"low-passed, {shape}": (lambda pair, shape=shape: _low_passed(pair, shape), (FILTERED,))
        for shape in ("sigmoid", "Butterworth", "Gaussian edge", "raised cosine")
    },
    "noise in common, 20%": (lambda pair: _of_common_noise(pair, COMMON[0]), (SHARED,)),
    "noise in common, 50%": (lambda pair: _of_common_noise(pair, COMMON[1]), (SHARED,)),
    "half 1 and its copy with 0.5% noise": (_copied, (SHARED,)),
    "half 1 and the full map": (_with_full_map, (SHARED,)),
    "half 1 and its sharpened copy": (_sharpened, (SHARED,)),
    "masked at the molecule": (lambda pair: _masked(pair, *TIGHT), MASKED),
    "masked softly": (lambda pair: _masked(pair, *SOFT), MASKED),
    "in a sphere, constant outside": (_in_sphere, MASKED),
    "half 2 mirrored along z": (_second(lambda v: v[::-1]), (TURNED,)),
    "half 2 mirrored along x": (_second(lambda v: v[:, :, ::-1]), (TURNED,)),
    "half 2 rotated by 90° about z": (_second(lambda v: np.rot90(v, axes=(1, 2))), (TURNED,)),
    "half 2 rotated by 180° about y": (_second(lambda v: v[::-1, :, ::-1]), (TURNED,)),
    "half 2 with its axes permuted": (_second(lambda v: v.transpose(1, 2, 0)), (TURNED,)),
    DIPPING: (_dipping, ("FSC that rises again", "FSC that runs along 0.143")),
}
