"""Which boxes blocres measures in, and what they cannot tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from ...errors import MapContentError
from ...half_maps import half_map_resolution
from ..method import MANY, MethodInput

SMALLEST_BOX = 8
# Å, of boxes that correlate nowhere; what is more, less rounding, is that.
WORST = 200.0
UNCORRELATED = 0.999 * WORST
# Cardone et al. advise boxes of 5 to 7 times the expected resolution: smaller ones read too good.
BOX_PER_RESOLUTION = 6.0
# Voxels of padded boxes, about 10 s on 2 cores: with more to do, not every voxel gets a box. The
# taper leaves half a box, which four boxes across sample well enough.
WORK = 2e9
STRIDES_PER_BOX = 4
# Local resolutions at 0.5 are up to twice as coarse as the FSC at 0.143 of which the default box is
# six times: what has less than three to its box is beyond that.
FEWEST_PER_BOX = 3.0


@dataclass(frozen=True, eq=False)
class BoxResolution:
    """Resolution at the voxels of a mask, from boxes.

    Attributes
    ----------
    values : float32 array, shape (z, y, x), Å; 0 outside the mask, and inside it where a box would
        stick out of the map
    visited : bool array, shape (z, y, x), the voxels that have a box of their own; the other values
        are interpolated between them
    box, stride : voxels, edge of the boxes and distance from one to the next
    """

    values: NDArray[np.float32]
    visited: NDArray[np.bool_]
    box: int
    stride: int


def chosen_box(given: MethodInput, box_size: float | None) -> tuple[int, str]:
    """Return the edge of the boxes, voxels, and why it is that; ``box_size`` is in Å."""
    assert given.half_maps is not None
    spacing = given.density.spacing
    if box_size is not None:
        return round(box_size / spacing), ""
    resolution = half_map_resolution(given.density, given.half_maps, given.inside)
    if resolution is None:
        raise MapContentError(
            "the half maps do not correlate inside the molecule, so that no box can be chosen; "
            "check them, or give box_size."
        )
    box = default_box(resolution, spacing, given.density.values.shape)
    times = box * spacing / resolution
    return box, f", {times:.1f} times the half-map FSC resolution of {resolution:.2f} Å"


def default_box(resolution: float, voxel_size: float, shape: tuple[int, ...]) -> int:
    """Return the edge of boxes for an expected resolution (Å), voxels: half the map at the most."""
    wanted = scipy.fft.next_fast_len(int(np.ceil(BOX_PER_RESOLUTION * resolution / voxel_size)))
    return max(SMALLEST_BOX, min(wanted, min(shape) // 2))


def default_stride(voxels: int, box: int) -> int:
    """Return the distance between boxes: 1 in small masks, and never above a quarter of a box."""
    needed = int(np.ceil(np.cbrt(voxels * (2 * box) ** 3 / WORK)))
    return max(1, min(needed, box // STRIDES_PER_BOX))


def spacing_text(found: BoxResolution) -> str:
    """Say how far boxes are apart."""
    if found.stride == 1:
        return "one at every voxel"
    return f"one every {found.stride} voxels along each axis, interpolated between"


def box_warnings(found: BoxResolution, voxel_size: float) -> Iterator[str]:
    """Say what boxes could not tell, one sentence each."""
    values, edge = found.values[found.visited], found.box * voxel_size
    lost = values > UNCORRELATED
    if lost.mean() > MANY:
        yield (
            f"{lost.mean():.0%} of the boxes correlate at no resolution ({WORST:g} Å stands for "
            "that); the mask may be too large."
        )
    tight = (values > edge / FEWEST_PER_BOX) & ~lost
    if tight.mean() > MANY:
        wanted = FEWEST_PER_BOX * float(np.percentile(values[~lost], 90))
        yield (
            f"{tight.mean():.0%} of the voxels are coarser than a third of the box, {edge:.3g} Å, "
            f"which overestimates their resolution; repeat with a box_size of {wanted:.0f} Å or "
            "more."
        )
