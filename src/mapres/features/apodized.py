"""Fourier transforms of maps without outliers, normalized and apodized."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from .. import threads
from ..density import Density
from ..fourier import radial_frequency, resize_transform, shared, shared_half, taper
from ..half_maps import HalfMaps
from ..progress import beat
from .outliers import outlier_limit, solvent_level

# Å over which the map falls to its mean at the faces of the box, to avoid ringing.
TAPER = 4.0
# Planes that a thread transforms at a time.
SLAB = 8


@dataclass(frozen=True, eq=False)
class Transform:
    """Half-grid transform of a map, of which high frequencies may have been left out.

    Attributes
    ----------
    values : complex64 array, shape (z, y, x // 2 + 1) of ``shape``
    shape : of a real array with these frequencies, (z, y, x)
    """

    values: NDArray[np.complex64]
    shape: tuple[int, ...]

    def cropped(self, shape: tuple[int, ...]) -> Transform:
        """Return the frequencies of a smaller shape, and give back the memory of the others.

        They are moved to the start of the same array, as a copy would need more memory than any
        other step. This transform must not be used any more.

        Parameters
        ----------
        shape : (z, y, x), each odd or as before
        """
        if not self.values.flags.owndata:
            return Transform(resize_transform(self.values, self.shape, shape), shape)
        planes, rows = (
            [k for part in shared(n, m) for k in range(n)[part]]
            for n, m in zip(self.shape[:2], shape[:2], strict=True)
        )
        kept = np.s_[rows, : shared_half(self.shape[2], shape[2]).indices(self.values.shape[2])[1]]
        size = (len(planes), len(rows), shape[2] // 2 + 1)
        moved = self.values.reshape(-1)[: np.prod(size)].reshape(size)
        # In this order nothing is overwritten before it is moved.
        for target, source in zip(moved, planes, strict=True):
            target[:] = self.values[source][kept]
        del moved, target
        self.values.resize(size, refcheck=False)
        return Transform(self.values, shape)


def transforms_of(
    density: Density,
    molecule: NDArray[np.bool_],
    half_maps: HalfMaps | None,
    power_ends: float | None = None,
) -> Iterator[Transform]:
    """Yield the transforms of the map, and of the mean and the difference of half maps.

    Beyond ``power_ends`` (Å) half maps hold nothing, and the mean is made like the difference: no
    correlation.
    """
    yield _transform(density, molecule)
    if half_maps is not None:
        mean, other = (_transform(half, molecule) for half in half_maps)
        mean.values[:] += other.values
        mean.values[:] *= 0.5
        # Half the difference is the mean less the other.
        np.subtract(mean.values, other.values, out=other.values)
        if power_ends is not None:
            beyond = radial_frequency(mean.shape, density.voxel_size) * power_ends > 1
            np.copyto(mean.values, other.values, where=beyond)
        yield from (mean, other)


def _transform(density: Density, molecule: NDArray[np.bool_]) -> Transform:
    """Return the transform of a map without outliers, over its spread in the molecule, tapered.

    Half maps of different scale thus count equally. The map is not copied: a few planes at a time
    are prepared and transformed, which takes half of the memory.
    """
    z, y, x = density.values.shape
    planes = _Prepared(density, molecule)
    transform = np.empty((z, y, x // 2 + 1), dtype=np.complex64)

    def fill(part: range) -> None:
        transform[part.start : part.stop] = scipy.fft.rfftn(planes.prepared(part), axes=(1, 2))

    threads.run_each(fill, threads.slabs(z, SLAB))
    beat()
    workers = threads.count()
    found = scipy.fft.fft(transform, axis=0, overwrite_x=True, workers=workers)
    beat()
    # SciPy returns a view of the array that it overwrites.
    in_place = np.may_share_memory(found, transform)
    return Transform(transform if in_place else found, density.values.shape)


class _Prepared:
    """Planes of a map without outliers, of mean 0 and spread 1 in the molecule, tapered."""

    def __init__(self, density: Density, molecule: NDArray[np.bool_]):
        self._values = density.values
        self._level = solvent_level(density.values)
        self._limit = outlier_limit(density.values, self._level) or np.inf
        self._tapers = tapers(density)

        def sums(part: range) -> list[tuple[float, ...]]:
            cleaned = self._cleaned(part)
            return [_sums(cleaned.ravel()), _sums(cleaned[molecule[part.start : part.stop]])]

        parts = threads.run_each(sums, threads.slabs(len(self._values), SLAB))
        (self._mean, whole), (_, spread) = map(_moments, np.sum(parts, axis=0))
        # If the molecule is flat compared with the rest, powers of the rest must not overflow.
        self._scale = max(spread, 1e-6 * whole, 1e-30)

    def prepared(self, part: range) -> NDArray[np.float32]:
        """Return some planes."""
        planes = self._cleaned(part)
        planes -= np.float32(self._mean)
        planes /= np.float32(self._scale)
        z, y, x = self._tapers
        planes *= z[part.start : part.stop, None, None]
        planes *= y[:, None] * x
        return planes

    def _cleaned(self, part: range) -> NDArray[np.float32]:
        planes = (self._values[part.start : part.stop] - self._level).astype(np.float32, copy=False)
        return np.clip(planes, -self._limit, self._limit, out=planes)


def _sums(values: NDArray) -> tuple[float, float, float]:
    """Return the number of values, their sum and that of their squares."""
    total, squares = (np.sum(each, dtype=np.float64) for each in (values, np.square(values)))
    return values.size, float(total), float(squares)


def _moments(sums: NDArray) -> tuple[float, float]:
    """Return mean and standard deviation; 0 of no values."""
    total, squares = sums[1:] / max(sums[0], 1)
    return float(total), float(np.sqrt(max(squares - total**2, 0.0)))


def tapers(density: Density) -> list[NDArray[np.float32]]:
    """Return the weights that taper a map along z, y and x."""
    return [taper(n, TAPER / density.spacing) for n in density.values.shape]
