"""The monogenic signal of a map: its local amplitude, by the Riesz transform (Felsberg 2001).

Frequencies are digital: u = a/r in cycles per voxel along each axis, 0.5 at Nyquist.
"""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from ...fourier import forward, inverse, radial_frequency
from ...progress import beat

# Width of the raised-cosine edges, cycles per voxel (Vilas 2018).
EDGE = 0.02


class Monogenic:
    """Monogenic amplitudes on one grid, whose frequencies are computed once.

    Parameters
    ----------
    shape : of the real arrays, (z, y, x); it need not be a cube
    """

    def __init__(self, shape: tuple[int, int, int]):
        self.shape = shape
        self.u = radial_frequency(shape, 1.0)
        z, y = (scipy.fft.fftfreq(n).astype(np.float32) for n in shape[:2])
        x = scipy.fft.rfftfreq(shape[2]).astype(np.float32)
        # NumPy gives Nyquist a minus sign; +0.5 agrees with the original to 0.00 Å.
        z[z == -0.5], y[y == -0.5] = 0.5, 0.5
        self.axes = (z[:, None, None], y[None, :, None], x[None, None, :])

    def amplitude(self, transform: NDArray, u0: float = 0.0) -> NDArray[np.float32]:
        """Return |(f, R_z f, R_y f, R_x f)|, where f is the map high-pass filtered at ``u0``.

        Parameters
        ----------
        transform : half-grid transform of the map
        u0 : cycles per voxel; the amplitude is band-limited to it. 0 leaves the map unfiltered.
        """
        part = transform * _raised_cosine(u0 - self.u, EDGE) if u0 else transform.copy()
        total = inverse(part, self.shape)
        np.square(total, out=total)
        # The Riesz transform is −i u_j/u, and 0 at the origin.
        beat()
        part *= np.complex64(-1j) / np.maximum(self.u, np.float32(1e-9))
        for axis in self.axes:
            component = inverse(part * axis, self.shape)
            np.square(component, out=component)
            total += component
        np.sqrt(total, out=total)
        if not u0:
            return total
        # At Nyquist the edge has no width; dividing by it causes NaN in the original.
        return self._filtered(total, _raised_cosine(self.u - u0, min(EDGE, max(0.5 - u0, 1e-6))))

    def smooth(self, values: NDArray, sigma: float) -> NDArray[np.float32]:
        """Smooth an array, shape (z, y, x), with a periodic Gaussian of ``sigma`` voxels."""
        return self._filtered(values, np.exp(-2 * (np.pi * sigma) ** 2 * np.square(self.u)))

    def _filtered(self, values: NDArray, gain: NDArray) -> NDArray[np.float32]:
        transform = forward(values)
        transform *= gain
        return inverse(transform, self.shape)


def _raised_cosine(beyond: NDArray, width: float) -> NDArray[np.float32]:
    """Return 1 where ``beyond`` <= 0, 0 where it is >= ``width``, half a cosine between."""
    phase = np.clip(beyond * np.float32(np.pi / width), 0, np.float32(np.pi))
    np.cos(phase, out=phase)
    phase += 1
    phase *= 0.5
    return phase
