"""FSC of two maps in many small boxes, and where it falls below a cut-off."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from scipy import sparse


class Boxes:
    """Boxes of two maps, tapered, padded to twice their edge, and correlated by shells.

    Parameters
    ----------
    half1, half2 : float32 arrays, shape (z, y, x), with mean 0
    edge : voxels
    """

    def __init__(self, half1: NDArray, half2: NDArray, edge: int):
        self.edge = edge
        self.windows = [sliding_window_view(half, (edge,) * 3) for half in (half1, half2)]
        hann = np.hanning(edge).astype(np.float32)
        self.taper = (hann[:, None, None] * hann[:, None] * hann).ravel()
        self.columns, self.fractions = _shell_fractions(edge)
        self.transform_bytes = 2 * 8 * self.fractions.shape[1]

    def correlation(self, corners: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the FSC of boxes, shape (shells, boxes), given their first voxels (boxes, z y x).

        Shells are 1 / (2 edge) apart and end at two voxels.
        """
        first, second = (self._transform(windows, corners) for windows in self.windows)
        cross = self._sum(first * second)
        power = np.sqrt(self._sum(first * first) * self._sum(second * second))
        return np.divide(cross, power, out=np.zeros_like(cross), where=power > 0)

    def _transform(self, windows: NDArray, corners: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return real and imaginary parts, shape (coefficients, 2 boxes)."""
        boxes = windows[tuple(corners.T)].reshape(len(corners), -1)
        boxes -= boxes.mean(axis=1, keepdims=True)
        boxes *= self.taper
        # Boxes go last, so that all later steps run along contiguous memory.
        boxes = np.ascontiguousarray(boxes.T).reshape(*windows.shape[3:], len(corners))
        # Padding each axis just before its transform saves half of the work.
        padded = 2 * self.edge
        transform = scipy.fft.fft(scipy.fft.rfft(boxes, padded, axis=2), padded, axis=1)
        transform = transform.reshape(self.edge, -1, len(corners)).take(self.columns, axis=1)
        transform = scipy.fft.fft(transform, padded, axis=0)
        return transform.reshape(-1, len(corners)).view(np.float32)

    def _sum(self, products: NDArray[np.float32]) -> NDArray[np.float32]:
        """Sum (coefficients, 2 boxes) over shells and over real and imaginary parts."""
        sums = self.fractions @ products
        return sums[:, ::2] + sums[:, 1::2]


def _shell_fractions(edge: int) -> tuple[NDArray[np.intp], sparse.csc_array]:
    """Return the columns along z that reach a shell, and the shells' fractions of coefficients.

    A coefficient at radius r is shared by shells ⌊r⌋ and ⌊r⌋ + 1, in linear proportion. The half
    grid is summed as it is, as in the original: counting Friedel mates would change the result by
    0.005 Å.

    Returns
    -------
    columns : shape (columns,), of the 2 · edge · (edge + 1) on the half grid
    fractions : shape (edge + 1, 2 · edge · columns)
    """
    along = np.square(scipy.fft.fftfreq(2 * edge, 1 / (2 * edge))).astype(np.float32)
    across = (along[:, None] + np.square(np.arange(edge + 1, dtype=np.float32))).ravel()
    columns = np.flatnonzero(across < (edge + 1) ** 2)
    radius = np.sqrt(along[:, None] + across[columns]).ravel()
    inner = np.floor(radius).astype(np.int32)
    part = radius - inner
    rows = np.concatenate([inner, inner + 1])
    places = np.tile(np.arange(radius.size, dtype=np.int32), 2)
    weights = np.concatenate([1 - part, part])
    kept = (rows <= edge) & (weights > 0)
    fraction = (weights[kept], (rows[kept], places[kept]))
    return columns, sparse.csc_array(fraction, shape=(edge + 1, radius.size))


def last_crossing(correlation: NDArray, cutoff: float) -> NDArray[np.float64]:
    """Return where curves last fall below a cut-off, interpolated linearly between shells.

    Parameters
    ----------
    correlation : array, shape (shells, curves)
    cutoff : of the correlation

    Returns
    -------
    float64 array, shape (curves,)
        In shells: 0 where a curve is never above, the last shell where it ends above.
    """
    above = correlation >= cutoff
    last = len(correlation) - 1
    before = np.where(above.any(axis=0), last - np.argmax(above[::-1], axis=0), 0)
    after = np.minimum(before + 1, last)
    high, low = np.take_along_axis(correlation, np.stack([before, after]), axis=0).astype(float)
    falls = (high >= cutoff) & (low < cutoff)
    part = np.divide(high - cutoff, high - low, out=np.zeros(high.shape), where=falls)
    return before + part
