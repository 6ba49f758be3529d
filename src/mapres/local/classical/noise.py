"""Where a map holds noise alone, with which MonoRes and ResMap compare the signal."""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray

from ... import threads
from ...errors import MapContentError

# Solvent noise of single-particle maps is above 1% of the molecule's spread; a masked or
# noise-free map has none at all, or 1e-7 of rounding.
FLATNESS = 1e-3
# A shell with less than this fraction of its inner neighbor's variance is outside a spherical mask.
SHELL_VARIANCE_DROP = 0.01
# Voxels: edge of blocks that lie outside the mask.
BLOCK = 4
# A block with less than 0.3 of the median variance was cut by a spherical mask. Blocks of 8³ with a
# limit of 0.01 would include so many zeros that noise seems up to 4 times weaker than it is; of
# whole blocks, even of noise smooth over 4 voxels, under 1% vary so little.
BLOCK_VARIANCE_DROP = 0.3
# Sections of a map that a thread looks at together.
THICKNESS = 8


def background_blocks(values: NDArray, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the blocks of 4³ voxels outside a mask that hold noise.

    Parameters
    ----------
    values : array, shape (z, y, x)
    inside : bool array of the same shape, the molecule
    """
    outside = _blocks(~inside).all(axis=1)
    spread = _blocks(values).var(axis=1, dtype=np.float64)
    noisy = outside & (spread > FLATNESS**2 * values[inside].var(dtype=np.float64))
    if noisy.any():
        noisy &= spread > BLOCK_VARIANCE_DROP * np.median(spread[noisy])
    counts = [n // BLOCK for n in values.shape]
    whole = noisy.reshape(counts)
    for axis in range(3):
        whole = whole.repeat(BLOCK, axis=axis)
    return np.pad(whole, [(0, n % BLOCK) for n in values.shape])


def _blocks(values: NDArray) -> NDArray:
    """Return an array's blocks, shape (blocks, voxels), without incomplete ones at its ends."""
    z, y, x = (n // BLOCK for n in values.shape)
    cut = values[: z * BLOCK, : y * BLOCK, : x * BLOCK]
    cut = cut.reshape(z, BLOCK, y, BLOCK, x, BLOCK).transpose(0, 2, 4, 1, 3, 5)
    return cut.reshape(z * y * x, BLOCK**3)


def noise_sphere(source: NDArray, inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the central sphere that holds noise: within a spherical mask, or of radius N/2."""
    squares = [np.square(np.arange(n, dtype=np.float32) - n // 2) for n in source.shape]
    across, limit = squares[1][:, None] + squares[2], max(source.shape) // 2
    slabs = threads.slabs(source.shape[0], THICKNESS)

    def radius(planes: range) -> NDArray[np.float32]:
        return np.sqrt(squares[0][planes.start : planes.stop, None, None] + across)

    def farthest(planes: range) -> float:
        return radius(planes)[inside[planes.start : planes.stop]].max(initial=0)

    first = int(max(threads.run_each(farthest, slabs)))

    def sums(planes: range, mean: NDArray) -> NDArray[np.float64]:
        """Return the number, sum and squared deviations of values in each shell."""
        away = radius(planes)
        outer = (away >= first) & (away < limit)
        shell = away[outer].astype(np.int32) - first
        sample = source[planes.start : planes.stop][outer].astype(np.float64)
        weights = (None, sample, np.square(sample - mean[shell]))
        return np.stack([np.bincount(shell, w, minlength=mean.size) for w in weights])

    mean = np.zeros(max(limit - first, 1))
    for _ in range(2):
        parts = threads.run_each(partial(sums, mean=mean), slabs)
        count, total, deviations = np.sum(parts, axis=0)
        count = np.maximum(count, 1)
        mean = total / count
    variance = deviations / count
    drops = np.flatnonzero(variance[1:] < SHELL_VARIANCE_DROP * variance[:-1])
    end = first + 1 + drops[0] if drops.size else limit
    within = threads.run_each(lambda planes: radius(planes) < end, slabs)
    return np.concatenate(within)


def require_noise(
    signal: NDArray, source: NDArray, inside: NDArray[np.bool_], solvent: NDArray[np.bool_]
) -> None:
    """Raise `MapContentError` unless there is solvent, and ``source`` has noise in it."""
    if not inside.any() or not solvent.any():
        where = "leaves no solvent around the molecule" if inside.any() else "is empty"
        raise MapContentError(f"the mask {where}; give one that covers the molecule only.")
    # The median deviation is 0 if over half of the solvent has one value, as after masking.
    sample = source[solvent]
    spread = float(np.median(np.abs(sample - np.median(sample))))
    if spread > FLATNESS * float(signal[inside].std()):
        return
    if source is signal:
        raise MapContentError(
            "the solvent is flat (masked or denoised map) and MonoRes needs solvent noise; give "
            "half maps or an unmasked map."
        )
    raise MapContentError(
        "the half maps do not differ in the solvent (masked, or the same map twice) and MonoRes "
        "needs that noise; give the two unmasked half maps."
    )
