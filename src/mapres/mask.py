"""Masks, given or found in the map, and detection of flattened solvent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from . import threads
from .arrays.edges import background
from .arrays.nearby import bounding_box, near, widened
from .arrays.percentile import percentile
from .density import Density
from .errors import MapContentError
from .fourier import gaussian_low_pass
from .masks.rim import is_solid, leveled
from .progress import beat

# Å. The usual low-pass filter for masks, 10-15 Å, merges side chains and noise, not domains.
SMOOTHING = 12.0
MARGIN = 3.0
# Masked solvent is exactly constant, and usually more than half of the box.
FLAT_FRACTION = 0.2
# A 3³ cube: anything smaller is an outlier and its neighbors.
FEWEST_VOXELS = 27


def flat_solvent(values: NDArray) -> NDArray[np.bool_] | None:
    """Return where the map has one constant background value, or None if it has solvent noise.

    Voxels outside the inscribed ellipsoid do not count: many programs set them to 0.

    Parameters
    ----------
    values : array, shape (z, y, x)
    """
    flat = values == background(values)

    def count(planes: range) -> tuple[int, int]:
        part = np.s_[planes.start : planes.stop, :, :]
        ellipsoid = inscribed_ellipsoid(values.shape, part=part)
        return np.count_nonzero(flat[part] & ellipsoid), np.count_nonzero(ellipsoid)

    parts = threads.parts_of(len(values), values[0].size)
    found, whole = np.sum(threads.run_each(count, parts), axis=0)
    # A smaller sphere, cylinder or box of noise is no mask of the molecule either.
    return flat if found / whole > FLAT_FRACTION and not is_solid(values, ~flat) else None


def solvent_mask(density: Density) -> NDArray[np.bool_]:
    """Find the molecule in a map.

    The map is smoothed to 12 Å (or 4 voxels, if coarser) and thresholded at its solvent level, the
    mode of its histogram, plus the larger of 4 standard deviations of the solvent and a fifth of
    the way to the molecule's core. Pieces under 5% of the largest are dropped, and the rest is
    dilated by 3 Å.

    Returns
    -------
    bool array, shape (z, y, x)

    Raises
    ------
    MapContentError
        If nothing stands out from the solvent.
    """
    return molecule_in(leveled(density))


def molecule_in(density: Density) -> NDArray[np.bool_]:
    """Find the molecule in a map whose rim is leveled, see `solvent_mask`."""
    flat = flat_solvent(density.values)
    inside = _above_solvent(density, flat)
    if np.count_nonzero(inside):
        inside = _large_pieces(inside)
    if np.count_nonzero(inside) < FEWEST_VOXELS:
        raise MapContentError(
            f"no molecule stands out from the solvent of {density.name}: it may be noise, or fill "
            "the box; if there is a molecule, give a mask of it."
        )
    beat()
    grown = _grown(inside, MARGIN / density.spacing)
    return grown if flat is None else grown & ~flat


def above_noise(density: Density) -> NDArray[np.bool_]:
    """Return where a map, smoothed as in `solvent_mask`, stands out from the noise of the solvent.

    That is more than the molecule: weak domains and micelles, too. The map's rim is leveled.
    """
    smooth, level, spread = _smoothed(density, flat_solvent(density.values))
    return smooth > level + 4 * spread


def _above_solvent(density: Density, flat: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """Return where the smoothed map stands out from the solvent; ``flat`` is `flat_solvent`."""
    smooth, level, spread = _smoothed(density, flat)
    core = percentile(smooth, 99.5)
    inside: NDArray[np.bool_] = smooth > level + max(4 * spread, 0.2 * (core - level))
    if flat is not None:
        inside &= ~flat
    return inside


def _smoothed(
    density: Density, flat: NDArray[np.bool_] | None
) -> tuple[NDArray[np.float32], float, float]:
    """Return the smoothed map, and level and standard deviation of its solvent."""
    values = density.values
    resolution = max(SMOOTHING, 4 * density.spacing)
    smooth = gaussian_low_pass(values, density.voxel_size, resolution)
    beat()
    rim = background(values)
    # Voxels set to one value by a mask or the reconstruction sphere hold no noise.
    noisy = values != rim
    if flat is not None:
        return smooth, min(rim, percentile(smooth, 1, noisy)), 0.0
    level, spread = _solvent(smooth, noisy)
    beat()
    return smooth, level, spread


def inscribed_ellipsoid(
    shape: tuple[int, ...],
    centers: Sequence[float] | None = None,
    part: tuple[slice, ...] = (slice(None),) * 3,
) -> NDArray[np.bool_]:
    """Return the ellipsoid of 0.95 of the box's edges, outside which many programs write 0.

    Parameters
    ----------
    shape : (z, y, x)
    centers : along z, y, x, in voxels; by default those of reconstructions, voxel n // 2
    part : slices of the box to return
    """
    z, y, x = (
        ((_indices(n, centers is None)[kept] - middle) / (n / 2)) ** 2
        for n, middle, kept in zip(shape, centers or [n // 2 for n in shape], part, strict=True)
    )
    return z[:, None, None] + y[:, None] + x < 0.9


def _indices(n: int, single: bool) -> NDArray:
    # float32 for whole maps, to halve the memory.
    return np.arange(n, dtype=np.float32 if single else np.float64)


def _solvent(smooth: NDArray, noisy: NDArray[np.bool_]) -> tuple[float, float]:
    """Return level and standard deviation of the solvent, from the lower side of the mode.

    Parameters
    ----------
    smooth : array, shape (z, y, x)
    noisy : bool array, shape (z, y, x), the voxels to use
    """
    low, high = percentile(smooth, 0.1, noisy), percentile(smooth, 99.9, noisy)

    parts = [slice(p.start, p.stop) for p in threads.parts_of(len(smooth), smooth[0].size)]

    def count(part: slice) -> NDArray[np.intp]:
        return np.histogram(smooth[part][noisy[part]], bins=128, range=(low, high))[0]

    counts = np.sum(threads.run_each(count, parts), axis=0)
    beat()
    edges = np.linspace(low, high, 129)
    peak = int(np.argmax(ndimage.gaussian_filter1d(counts.astype(float), 2)))
    mode = float(0.5 * (edges[peak] + edges[peak + 1]))

    def below(part: slice) -> tuple[int, float]:
        values = smooth[part][noisy[part] & (smooth[part] <= mode)]
        return values.size, float(np.sum(np.square(values - mode), dtype=np.float64))

    size, squares = np.sum(threads.run_each(below, parts), axis=0)
    return mode, float(np.sqrt(squares / max(size, 1)))


def _large_pieces(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pieces of a mask, which is not empty, of at least 5% of the largest."""
    box = bounding_box(inside)
    within = inside[box]
    found = ndimage.label(within)[0][within]
    sizes = np.bincount(found)
    kept = np.zeros_like(inside)
    kept[box][within] = (sizes >= 0.05 * sizes.max())[found]
    return kept


def _grown(inside: NDArray[np.bool_], radius: float) -> NDArray[np.bool_]:
    """Dilate a mask, which is not empty, by ``radius`` voxels."""
    box = widened(bounding_box(inside), int(radius), inside.shape)
    grown = np.zeros_like(inside)
    grown[box] = near(inside[box], radius)
    return grown
