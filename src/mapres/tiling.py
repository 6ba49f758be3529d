"""Applying a function to a large map tile by tile, as if it had seen the whole.

A tile is computed together with a margin on every side and only its core is kept. Where the margin
is at least the function's reach (the receptive field of a network), tiled equals whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray

from .density import Progress, silent
from .errors import MapContentError

Core = tuple[slice, slice, slice]


def tiled(
    values: NDArray,
    function: Callable[[NDArray[np.float32]], NDArray],
    *,
    tile: int,
    margin: int,
    mask: NDArray[np.bool_] | None = None,
    batch: int = 4,
    fill: float = 0.0,
    progress: Progress = silent,
) -> NDArray[np.float32]:
    """Apply a function to overlapping tiles of a map and stitch the answers together.

    Beyond the box the map is continued by its mirror image.

    Parameters
    ----------
    values : array, shape (z, y, x)
    function : from (n, tile, tile, tile) to the same shape
    tile : edge of what the function sees, voxels; its core is ``tile - 2 * margin``
    margin : voxels cut off every side of an answer
    mask : bool array, shape (z, y, x); tiles whose core does not touch it are skipped
    batch : tiles per call
    fill : value where nothing was computed
    progress : called with (fraction, message) before every batch; may raise `Cancelled`

    Returns
    -------
    float32 array, shape (z, y, x)

    Raises
    ------
    MapContentError
        If the margins leave no core.
    """
    core = tile - 2 * margin
    if core < 1:
        raise MapContentError(f"margins of {margin} voxels leave nothing of a tile of {tile}.")
    out = np.full(values.shape, fill, dtype=np.float32)
    cores = [c for c in _cores(values.shape, core) if mask is None or mask[c].any()]
    remaining = iter(cores)
    for start in range(0, len(cores), batch):
        progress(start / len(cores), f"tile {start + 1} of {len(cores)}")
        chosen = list(islice(remaining, batch))
        answers = function(np.stack([_cut(values, c, tile, margin) for c in chosen]))
        for where, answer in zip(chosen, answers, strict=True):
            size = tuple(slice(margin, margin + edge.stop - edge.start) for edge in where)
            out[where] = answer[size]
    return out


def _cores(shape: tuple[int, ...], core: int) -> Iterator[Core]:
    """Divide a box into cores; the last along an axis may be smaller."""
    for z, y, x in product(*(range(0, n, core) for n in shape)):
        starts = zip((z, y, x), shape, strict=True)
        yield tuple(slice(s, min(s + core, n)) for s, n in starts)  # type: ignore[misc]


def _cut(values: NDArray, core: Core, tile: int, margin: int) -> NDArray[np.float32]:
    """Return the tile about a core, mirrored where it leaves the box."""
    index = [
        _mirrored(np.arange(edge.start - margin, edge.start - margin + tile), n)
        for edge, n in zip(core, values.shape, strict=True)
    ]
    return values[np.ix_(*index)].astype(np.float32)


def _mirrored(index: NDArray, length: int) -> NDArray:
    """Reflect indices at the first and the last voxel: -1 is 1, length is length - 2."""
    period = max(2 * (length - 1), 1)
    return (length - 1) - np.abs(index % period - (length - 1))
