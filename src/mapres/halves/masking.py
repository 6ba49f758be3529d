"""Parts of two half maps without noise: what a mask that was laid on both has left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .. import threads
from ..arrays.edges import edges
from ..arrays.interpolate import block_means
from ..arrays.nearby import near
from ..arrays.rim import constant_rim
from ..arrays.separable import gaussian_filtered
from ..mask import inscribed_ellipsoid

# Voxels, edge of the blocks in which noise is measured.
BLOCK = 4
# Of the variance of the noise where there is most. In 190 simulated sets and 41 reconstructions no
# block of the inscribed ellipsoid has less; a soft mask leaves nothing beyond its edge.
QUIET = 0.01
# Of the quiet blocks: so much is one constant value, if they are cut off rather than faded out.
CONSTANT = 0.9
# Voxels from there to a soft edge, and the standard deviation of that: it is 0 at the margin.
MARGIN, EDGE = 3.0, 1.5


def quiet_blocks(first: NDArray, second: NDArray) -> NDArray[np.bool_] | None:
    """Return in which blocks of `BLOCK`³ voxels the difference of two maps vanishes.

    They may differ by a factor and an offset: what is quiet, if anything, reaches the box's edges.

    Parameters
    ----------
    first, second : arrays, shape (z, y, x)

    Returns
    -------
    bool array, shape (z // 4, y // 4, x // 4), or None if the maps differ nowhere
    """
    a, b = (1 / float(half.std(dtype=np.float64)) for half in (first, second))
    offset = np.float32(a * np.median(edges(first)) - b * np.median(edges(second)))

    def part(planes: range) -> NDArray[np.float32]:
        rows = slice(planes.start * BLOCK, planes.stop * BLOCK)
        rest = np.float32(a) * first[rows] - np.float32(b) * second[rows] - offset
        return block_means(np.square(rest), BLOCK)

    parts = threads.run_each(part, threads.slabs(len(first) // BLOCK, BLOCK))
    power = np.concatenate(parts).astype(np.float64)
    if not power.any():
        return None
    quiet: NDArray[np.bool_] = power < QUIET * float(np.sum(power**2) / np.sum(power))
    return quiet


def fraction_quiet(first: NDArray, second: NDArray, quiet: NDArray[np.bool_]) -> float:
    """Return how much of the inscribed ellipsoid is quiet; outside many programs write zeros.

    Parameters
    ----------
    first, second : arrays, shape (z, y, x)
    quiet : see `quiet_blocks`
    """
    if not quiet.any():
        return 0.0
    rim = _common_rim(first, second, quiet)
    where = quiet if rim is None else rim
    return float(where[inscribed_ellipsoid(where.shape)].mean())


def within(first: NDArray, second: NDArray, quiet: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return a soft mask, shape (z, y, x), that ends before two maps become quiet.

    Parameters
    ----------
    first, second : arrays, shape (z, y, x)
    quiet : see `quiet_blocks`
    """
    outside = _common_rim(first, second, quiet)
    if outside is None:
        outside = _voxels(ndimage.binary_dilation(quiet, np.ones((3, 3, 3))), first.shape)
    (soft,) = gaussian_filtered(
        [near(outside, MARGIN)], (EDGE,) * 3, mode="nearest", truncate=MARGIN / EDGE
    )
    return 1 - soft


def _common_rim(
    first: NDArray, second: NDArray, quiet: NDArray[np.bool_]
) -> NDArray[np.bool_] | None:
    """Return the constant rim of both, bool (z, y, x), None if they fade out instead."""
    rims = constant_rim(first), constant_rim(second)
    if rims[0] is None or rims[1] is None:
        return None
    both: NDArray[np.bool_] = rims[0] & rims[1]
    return both if both.sum() >= CONSTANT * BLOCK**3 * quiet.sum() else None


def _voxels(blocks: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return blocks as voxels, shape (z, y, x); incomplete ones at the end are like the last."""
    for axis, n in enumerate(shape):
        blocks = blocks.take(np.minimum(np.arange(n) // BLOCK, blocks.shape[axis] - 1), axis)
    return blocks
