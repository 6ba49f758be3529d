"""The monogenic signal of a map: its local amplitude, by the Riesz transform (Felsberg 2001).

Frequencies are digital: u = a/r in cycles per voxel along each axis, 0.5 at Nyquist.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from ...progress import beat
from .band import Band, in_sections

# Width of the raised-cosine edges, cycles per voxel (Vilas 2018).
EDGE = 0.02
# The Riesz transform along axis j multiplies with −i u_j/u, and with 0 at the origin.
RIESZ = np.complex64(-1j)


class Monogenic:
    """Monogenic amplitudes of maps on one grid, each high-pass filtered at rising frequencies.

    What a frequency removes from a map filtered at a slightly lower one is limited to a band, whose
    transforms take a fraction of the time of those of the map.

    Parameters
    ----------
    shape : of the real arrays, (z, y, x); it need not be a cube
    """

    def __init__(self, shape: tuple[int, int, int]):
        self.shape, self.whole = shape, Band(shape, 1.0)
        z, y = (scipy.fft.fftfreq(n).astype(np.float32) for n in shape[:2])
        x = scipy.fft.rfftfreq(shape[2]).astype(np.float32)
        # NumPy gives Nyquist a minus sign; +0.5 agrees with the original to 0.00 Å.
        z[z == -0.5], y[y == -0.5] = 0.5, 0.5
        self.axes = (z[:, None, None], y[None, :, None], x[None, None, :])
        # Used again for every map and frequency: new memory takes as long as transforms.
        self._fields = np.empty((shape[0], 4, *shape[1:]), dtype=np.float32)
        self._result = np.empty(shape, dtype=np.float32)

    def start(self, transform: NDArray, u0: float = 0.0) -> None:
        """Take a map: compute f, R_z f, R_y f and R_x f, where f is high-pass filtered at ``u0``.

        Parameters
        ----------
        transform : half-grid transform of the map
        u0 : cycles per voxel; 0 leaves the map unfiltered
        """
        self._transform, self._start = transform, u0
        part = np.empty_like(transform)
        for number in range(4):
            beat()
            in_sections(partial(self._filter, part, number), self.shape)
            columns = self.whole.to_columns(part)

            def store(planes: slice, columns=columns, number=number) -> None:
                self._fields[planes, number] = self.whole.to_sections(columns[planes])

            in_sections(store, self.shape)

    def _filter(self, part: NDArray, number: int, planes: slice) -> None:
        """Set planes of the transform of a field."""
        axes = (self.axes[0][planes], *self.axes[1:])
        u = _radius(*axes)
        gain = _raised_cosine(self._start - u, EDGE) if self._start else np.ones_like(u)
        if number:
            gain *= axes[number - 1]
            gain /= _above_zero(u)
        np.multiply(self._transform[planes], gain, out=part[planes])
        if number:
            part[planes] *= RIESZ

    def unfiltered(self) -> NDArray[np.float32]:
        """Return |(f, R_z f, R_y f, R_x f)| for f as it is since `start`, in memory used again."""

        def store(planes: slice) -> None:
            self._result[planes] = _norm(self._fields[planes])

        in_sections(store, self.shape)
        return self._result

    def amplitude(self, u0: float) -> NDArray[np.float32]:
        """Return |(f, R_z f, R_y f, R_x f)|, where f is high-pass filtered at ``u0``.

        The amplitude is itself limited to the band below ``u0``, which is not below that of
        `start`. The array is used again by the next call.
        """
        # At Nyquist the edge has no width; dividing by it causes NaN in the original.
        width = min(EDGE, max(0.5 - u0, 1e-6))
        fields = self._fields.__getitem__ if u0 == self._start else self._without(u0)
        return self._filtered(
            lambda planes: _norm(fields(planes)),
            Band(self.shape, u0 + width),
            lambda *axes: _raised_cosine(_radius(*axes) - np.float32(u0), width),
        )

    def smooth(self, values: NDArray, sigma: float) -> NDArray[np.float32]:
        """Smooth an array, shape (z, y, x), with a periodic Gaussian of ``sigma`` voxels.

        The result has the memory of that of `amplitude`.
        """
        # Beyond 3 / πσ the Gaussian's transform is below 2e-8.
        return self._filtered(
            values.__getitem__,
            Band(self.shape, 3 / (np.pi * sigma)),
            lambda *axes: prod(np.exp(-2 * (np.pi * sigma * axis) ** 2) for axis in axes),
        )

    def _filtered(
        self, sections: Callable[[slice], NDArray], band: Band, gain: Callable[..., NDArray]
    ) -> NDArray[np.float32]:
        """Multiply a band of a map with a gain, a function of the frequencies along z, y and x.

        ``sections`` returns some sections of the map.
        """
        columns = np.empty((self.shape[0], band.y.size, band.x.stop), dtype=np.complex64)

        def forth(planes: slice) -> None:
            columns[planes] = band.from_sections(sections(planes))

        def back(planes: slice) -> None:
            self._result[planes] = band.to_sections(columns[planes])

        in_sections(forth, self.shape)
        beat()
        columns = band.from_columns(columns)
        columns *= gain(*map(band.of, self.axes))
        columns = band.to_columns(columns)
        beat()
        in_sections(back, self.shape)
        return self._result

    def _without(self, u0: float) -> Callable[[slice], NDArray[np.float32]]:
        """Return a function that returns some sections of the fields filtered at ``u0``."""
        band = Band(self.shape, u0)
        z, y, x = map(band.of, self.axes)
        u = _radius(z, y, x)
        removed = band.of(self._transform)
        removed *= _raised_cosine(self._start - u, EDGE) - _raised_cosine(u0 - u, EDGE)
        across = removed * (RIESZ / _above_zero(u))
        columns = [band.to_columns(part) for part in (removed, across * z, across)]
        beat()

        def sections(planes: slice) -> NDArray[np.float32]:
            f, along_z, across = (part[planes] for part in columns)
            fields = band.to_sections(np.stack([f, along_z, across * y, across * x], axis=1))
            return np.subtract(self._fields[planes], fields, out=fields)

        return sections


def _norm(fields: NDArray) -> NDArray[np.float32]:
    """Return the length of vectors, shape (z, 4, y, x)."""
    total = np.einsum("zfyx,zfyx->zyx", fields, fields)
    return np.sqrt(total, out=total)


def _radius(z: NDArray, y: NDArray, x: NDArray) -> NDArray[np.float32]:
    return np.sqrt(np.square(z) + np.square(y) + np.square(x))


def _above_zero(u: NDArray) -> NDArray[np.float32]:
    return np.maximum(u, np.float32(1e-9))


def _raised_cosine(beyond: NDArray, width: float) -> NDArray[np.float32]:
    """Return 1 where ``beyond`` <= 0, 0 where it is >= ``width``, half a cosine between."""
    phase = np.clip(beyond * np.float32(np.pi / width), 0, np.float32(np.pi))
    np.cos(phase, out=phase)
    phase += 1
    phase *= 0.5
    return phase
