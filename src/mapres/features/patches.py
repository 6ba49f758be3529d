"""Patches of a map, inputs of the global network in training and prediction.

A patch is 48³ voxels of 1 Å, centered in the molecule, cut from the map with an 8 Å margin,
Fourier-resampled, and normalized by its own median and standard deviation. Its rotational power
spectrum is a separate input, since it spans more orders of magnitude than convolutions can
distinguish. The solvent and the finest shells, which patches do not show, are in the map's
`profile`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from .. import threads
from ..arrays.nearby import bounding_box
from ..density import Density
from ..fourier import Shells, resize, taper_of_box
from ..progress import beat
from .outliers import OUTLIER

PATCH = 48
VOXEL_SIZE = 1.0
MARGIN = 8.0
# Beyond 8 standard deviations there are only outliers. Those of `outliers.OUTLIER` are clipped
# before the scale is measured, so that they do not set it, these after.
CLIP = 8.0
# Shells of 1/48 per Å up to 1/2 Å. Below 1e-9 of the total power there is only rounding.
SHELLS = PATCH // 2
FAINTEST = 1e-9
CENTER_SEED = 20190324
# Enough to cover any molecule at a spacing of half a patch; more only cost time.
CANDIDATES = 4000


@dataclass(frozen=True, eq=False)
class Patches:
    """Patches of a map, and their power spectra.

    Attributes
    ----------
    values : float32 array, shape (n, 48, 48, 48), median 0 and standard deviation 1
    spectra : float32 array, shape (n, 24), see `power_spectra`
    """

    values: NDArray[np.float32]
    spectra: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.values)

    def turned(self, quarters: int) -> Patches:
        """Rotate the patches by quarter turns about the middle axis; spectra do not change."""
        return replace(self, values=np.rot90(self.values, quarters, axes=(1, 3)))


def patch_centers(density: Density, mask: NDArray[np.bool_], count: int) -> NDArray[np.intp]:
    """Choose voxels of the molecule at random, no two nearer than half a patch.

    The choice does not depend on the directions of the axes: voxels are ordered by hashes of their
    distances from the middle of the molecule, and by density where those are equal.

    Parameters
    ----------
    density : the map
    mask : bool array, shape (z, y, x), with at least one voxel set
    count : how many at most; small molecules get fewer

    Returns
    -------
    int array, shape (n, 3), voxel indices (z, y, x), 1 <= n <= count
    """
    candidates = _drawn(density.values, mask)
    chosen: list[NDArray] = []
    nearest = np.full(len(candidates), np.inf)
    for _ in range(count):
        free = np.flatnonzero(nearest > 0.5 * PATCH * VOXEL_SIZE)
        if free.size == 0:
            break
        pick = candidates[free[0]]
        chosen.append(pick)
        distance = np.linalg.norm((candidates - pick) * density.spacing, axis=1)
        nearest = np.minimum(nearest, distance)
    return np.array(chosen)


def _drawn(values: NDArray, mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return voxels of a mask in a random order, shape (n, 3), n at most `CANDIDATES`."""
    box = bounding_box(mask)
    # Numbers are spread evenly: about twice as many as are needed lie below this share of all.
    share = 2 * CANDIDATES / np.count_nonzero(mask)
    places, numbers = _numbered(mask[box], share)
    if share < 1 and len(places) <= CANDIDATES:
        places, numbers = _numbered(mask[box], 1.0)
    if len(places) > CANDIDATES:
        limit = np.partition(numbers, CANDIDATES)[CANDIDATES]
        places, numbers = places[numbers < limit], numbers[numbers < limit]
    places += [part.start for part in box]
    order = np.lexsort((values[tuple(places.T)], numbers))
    return places[order]


def _numbered(mask: NDArray[np.bool_], share: float) -> tuple[NDArray[np.intp], NDArray]:
    """Return the voxels of a mask, shape (n, 3), with numbers in the lowest ``share`` of all."""
    beat()
    # A sum over the axes does not depend on their order.
    of_z, of_y, of_x = map(_hashes, mask.shape)
    limit = np.uint64(2**64 - 1 if share >= 1 else int(share * 2**64))
    places, found = [], []
    for z, plane in enumerate(mask):
        numbers = of_z[z] + of_y[:, None] + of_x
        y, x = np.nonzero(plane & (numbers <= limit))
        places.append(np.column_stack([np.full(len(y), z), y, x]))
        found.append(numbers[y, x])
    return np.concatenate(places), np.concatenate(found)


def _hashes(length: int) -> NDArray[np.uint64]:
    """Return a number for every voxel along an axis, the same for both directions."""
    off = np.abs(2 * np.arange(length) - (length - 1)).astype(np.uint64)
    return _scrambled(off + np.uint64(CENTER_SEED) * np.uint64(length - 1))


def _scrambled(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Hash whole numbers, by the finalizer of SplitMix64 (Steele et al. 2014)."""
    mixed = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def cut_patches(density: Density, centers: NDArray[np.intp]) -> Patches:
    """Cut, resample and normalize one patch around every center.

    Parameters
    ----------
    density : the map, which is resampled to 1 Å voxels
    centers : int array, shape (n, 3), voxel indices (z, y, x)
    """
    edge, fine_edge = window_of(density.spacing)
    weight = taper_of_box((edge,) * 3, (MARGIN / density.spacing,) * 3)
    start = (fine_edge - PATCH) // 2
    inside = (slice(start, start + PATCH),) * 3

    def cut(center: NDArray[np.intp]) -> tuple[NDArray, NDArray]:
        window = _crop(density.values, center, edge)
        window -= window.mean()
        patch = resize(window * weight, (fine_edge,) * 3)[inside]
        centered = patch - np.median(patch)
        return in_pose(normalized(centered)), _power_spectrum(centered)

    # A few at a time: at 0.3 Å each window is 214³ voxels, 40 MB and as much again transformed.
    values, spectra = zip(*threads.run_each(cut, centers), strict=True)
    return Patches(np.stack(values), np.stack(spectra))


def in_pose(patch: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rotate and mirror a patch, shape (48, 48, 48), into a canonical pose.

    Its axes are sorted by how fast the density changes along them, and point toward more density.
    """
    changes = [float(np.mean(np.square(np.diff(patch, axis=axis)))) for axis in range(3)]
    patch = patch.transpose(np.argsort(changes))
    ramp = np.arange(len(patch)) - 0.5 * (len(patch) - 1)
    profiles = (patch.mean(axis=axes, dtype=np.float64) for axes in ((1, 2), (0, 2), (0, 1)))
    return patch[tuple(slice(None, None, -1 if p @ ramp < 0 else 1) for p in profiles)]


def power_spectra(patches: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rotational power spectra of patches, shape (n, 48, 48, 48), under a Hann window.

    Returns
    -------
    float32 array, shape (n, 24): ln of each shell's fraction of the mean power, scaled to about ±2
    """
    # The solvent's level would leak from the origin into the first shells.
    return np.stack([_power_spectrum(patch - np.median(patch)) for patch in patches])


def _power_spectrum(centered: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the spectrum, shape (24,), of one patch with median 0."""
    hann, shells = _hann_and_shells(len(centered))
    power = shells.power(centered * hann)[1 : SHELLS + 1]
    fraction = power / max(power.sum(), 1e-30)
    return (2 + np.log(np.maximum(fraction, FAINTEST)) / 5).astype(np.float32)


@cache
def _hann_and_shells(edge: int) -> tuple[NDArray[np.float32], Shells]:
    return taper_of_box((edge,) * 3, (edge / 2,) * 3), Shells((edge,) * 3, VOXEL_SIZE)


def normalized(centered: NDArray) -> NDArray[np.float32]:
    """Clip a patch with median 0, shape (z, y, x), and divide it by its standard deviation."""
    limit = OUTLIER * np.percentile(np.abs(centered), 99.9)
    centered = np.clip(centered, -limit, limit)
    return np.clip(centered / max(centered.std(), 1e-12), -CLIP, CLIP).astype(np.float32)


def window_of(spacing: float) -> tuple[int, int]:
    """Return the voxels to cut and their number at 1 Å, such that both span the same length.

    Eight candidate edges leave a voxel size within 1% of 1 Å for any spacing up to 10 Å.
    """
    least = int(np.ceil((PATCH * VOXEL_SIZE + 2 * MARGIN) / spacing))
    edge = min(range(least, least + 8), key=lambda n: (_stretch(n * spacing) > 0.004, n))
    return edge, round(edge * spacing / VOXEL_SIZE)


def _stretch(length: float) -> float:
    return abs(length / VOXEL_SIZE / round(length / VOXEL_SIZE) - 1)


def _crop(values: NDArray, center: NDArray[np.intp], edge: int) -> NDArray[np.float32]:
    """Cut a cube, shifted into the box if it fits, else padded with the corner's value."""
    out = np.full((edge,) * 3, values[0, 0, 0], dtype=np.float32)
    source, target = [], []
    for middle, n in zip(center, values.shape, strict=True):
        start = window_start(middle, n, edge)
        source.append(slice(max(0, start), min(n, start + edge)))
        target.append(slice(max(0, -start), min(n, start + edge) - start))
    out[tuple(target)] = values[tuple(source)]
    return out


def window_start(middle: int, length: int, edge: int) -> int:
    """Return the start of a window around ``middle``: inside the box if it fits, else around it."""
    if length < edge:
        return (length - edge) // 2
    return int(min(max(0, middle - edge // 2), length - edge))
