"""Box size and stride of blocres, and warnings about their limits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from ...errors import MapContentError
from ..method import MANY, MethodInput

SMALLEST_BOX = 8
# Å, value of boxes that correlate at no resolution, and the limit above which values mean that.
WORST = 200.0
UNCORRELATED = 0.999 * WORST
# Cardone et al. advise boxes of 5 to 7 times the expected resolution: smaller ones overestimate the
# resolution.
BOX_PER_RESOLUTION = 6.0
# Voxels of padded boxes, about 5 s on 2 cores: beyond this, not every voxel gets a box. The taper
# leaves half a box, which four boxes per edge sample well enough.
WORK = 2e9
STRIDES_PER_BOX = 4
# The default box is 6 times the FSC = 0.143 resolution. Local resolutions at 0.5 are up to twice as
# coarse, 3 to the box; with fewer the box is too small.
FEWEST_PER_BOX = 3.0


@dataclass(frozen=True, eq=False)
class BoxResolution:
    """Resolution at the voxels of a mask, from boxes.

    Attributes
    ----------
    values : float32 array, shape (z, y, x), Å; 0 outside the mask, and where a box would extend
        beyond the map
    visited : bool array, shape (z, y, x), the voxels that have a box of their own; the other values
        are interpolated between them
    box, stride : voxels, edge of the boxes and distance from one to the next
    """

    values: NDArray[np.float32]
    visited: NDArray[np.bool_]
    box: int
    stride: int


def chosen_box(given: MethodInput, box_size: float | None) -> tuple[int, str]:
    """Return the edge of the boxes, voxels, and the reason for it; ``box_size`` is in Å."""
    assert given.pair is not None
    spacing = given.density.spacing
    if box_size is not None:
        return round(box_size / spacing), ""
    resolution = given.pair.fsc
    if resolution is None:
        raise MapContentError(
            "the half maps do not correlate inside the molecule, so no box size can be chosen; "
            "check them, or give box_size."
        )
    box = default_box(resolution, spacing, given.density.values.shape)
    times = box * spacing / resolution
    return box, f", {times:.1f} times the half-map FSC resolution of {resolution:.2f} Å"


def default_box(resolution: float, voxel_size: float, shape: tuple[int, ...]) -> int:
    """Return the edge of boxes for an expected resolution (Å), voxels: at most half the map."""
    wanted = scipy.fft.next_fast_len(int(np.ceil(BOX_PER_RESOLUTION * resolution / voxel_size)))
    return max(SMALLEST_BOX, min(wanted, min(shape) // 2))


def default_stride(voxels: int, box: int) -> int:
    """Return the distance between boxes: 1 in small masks, and never above a quarter of a box."""
    needed = int(np.ceil(np.cbrt(voxels * (2 * box) ** 3 / WORK)))
    return max(1, min(needed, box // STRIDES_PER_BOX))


def spacing_text(result: BoxResolution) -> str:
    """Return the distance between boxes in words."""
    if result.stride == 1:
        return "one at every voxel"
    return f"one every {result.stride} voxels along each axis, interpolated between"


def box_warnings(result: BoxResolution, voxel_size: float) -> Iterator[str]:
    """Yield warnings about the boxes, one sentence each."""
    values, edge = result.values[result.visited], result.box * voxel_size
    lost = values > UNCORRELATED
    if lost.mean() > MANY:
        yield (
            f"{lost.mean():.0%} of the boxes correlate at no resolution and are set to "
            f"{WORST:g} Å; the mask may be too large."
        )
    tight = (values > edge / FEWEST_PER_BOX) & ~lost
    if tight.mean() > MANY:
        wanted = FEWEST_PER_BOX * float(np.percentile(values[~lost], 90))
        yield (
            f"{tight.mean():.0%} of the voxels are coarser than a third of the box, {edge:.3g} Å, "
            f"which overestimates their resolution; repeat with a box_size of {wanted:.0f} Å or "
            "more."
        )
