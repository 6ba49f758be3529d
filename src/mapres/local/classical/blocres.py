"""blocres: local resolution from the correlation of half maps in small boxes (Cardone et al. 2013).

A voxel is resolved to where the Fourier shell correlation of the two half maps, in a box around it,
falls below a cut-off for the last time. Written from the description by Cardone, Heymann and
Steven, J. Struct. Biol. 184 (2013) 226-236, and close to Bsoft's output (benchmarks/README.md).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ... import threads
from ...arrays.interpolate import fill_between, nearest_known
from ...errors import GridMismatchError, MapContentError
from ...progress import Progress, silent
from ..method import Measured, Method, MethodInput, Option
from .blocres_boxes import (
    SMALLEST_BOX,
    UNCORRELATED,
    WORST,
    BoxResolution,
    box_warnings,
    chosen_box,
    default_stride,
    spacing_text,
)
from .windowed_fsc import Boxes, Run, last_crossing

# Voxels of padded boxes per batch, about 0.1 s, and boxes of a row that are measured together.
BATCH = 3e7
LONGEST = 80
# Batches between two reports, at most, 2 s: at each, threads wait for the last one.
REPORTED = 32


def blocres(
    half1: NDArray,
    half2: NDArray,
    voxel_size: float,
    mask: NDArray,
    *,
    box: int,
    stride: int | None = None,
    cutoff: float = 0.5,
    best: float | None = None,
    power_ends: float | None = None,
    progress: Progress = silent,
) -> BoxResolution:
    """Measure the resolution at each voxel of a mask.

    Parameters
    ----------
    half1, half2 : arrays, shape (z, y, x); scale and offset of each make no difference
    voxel_size : Å
    mask : array, shape (z, y, x), inside where > 0.5
    box : voxels, edge of the boxes
    stride : voxels between two boxes along each axis; 1 measures every voxel; by default see
        `default_stride`
    cutoff : of the correlation
    best : Å, the finest value allowed; 2 voxels by default. The coarsest is 200 Å
    power_ends : Å beyond which the half maps have no power, and so no correlation; None if nowhere
    progress : called as ``progress(fraction, message)`` every few boxes

    Raises
    ------
    GridMismatchError
        If a half map or the mask has another shape.
    MapContentError
        If the mask is empty or leaves no room for a box, or an option is invalid.
    Cancelled
        If ``progress`` raises it.
    """
    inside = np.asarray(mask) > 0.5
    if not np.shape(half1) == np.shape(half2) == inside.shape:
        raise GridMismatchError(
            f"the half maps have shapes {np.shape(half1)} and {np.shape(half2)} and the mask "
            f"{inside.shape}; they must agree."
        )
    _check_options(box, stride, cutoff, min(inside.shape))
    stride = stride or default_stride(np.count_nonzero(inside), box)
    room = _room(inside, box)
    visited = _visited(room, stride)
    boxes = Boxes(_standardized(half1), _standardized(half2), box)
    corners = np.argwhere(visited) - box // 2
    span, best = 2 * box * voxel_size, best or 2 * voxel_size
    # What is beyond leaks there from stronger shells, by the taper of the box.
    held = box if power_ends is None else int(span / power_ends)
    shells = _last_shells(boxes, _runs(corners, stride, box), held, cutoff, progress)
    values = np.zeros(inside.shape, dtype=np.float32)
    values[visited] = span / np.clip(shells, span / WORST, span / best)
    if stride > 1:
        fill_between(values, visited, room, stride)
    return BoxResolution(values, visited, box, stride)


def _check_options(box: int, stride: int | None, cutoff: float, edge: int) -> None:
    if not SMALLEST_BOX <= box <= edge:
        raise MapContentError(
            f"the boxes are {box} voxels wide; choose {SMALLEST_BOX} to {edge} voxels (the "
            "shortest edge of the map)."
        )
    if stride is not None and stride < 1:
        raise MapContentError(f"stride is {stride} voxels; give 1 or more.")
    if not 0 < cutoff < 1:
        raise MapContentError(f"cutoff is {cutoff:g}; give a correlation between 0 and 1.")


def _standardized(half: NDArray) -> NDArray[np.float32]:
    """Return a half map with mean 0 and standard deviation 1."""
    half = np.asarray(half, dtype=np.float32)
    spread = float(half.std(dtype=np.float64))
    return (half - np.float32(half.mean(dtype=np.float64))) / np.float32(spread or 1)


def _room(inside: NDArray[np.bool_], box: int) -> NDArray[np.bool_]:
    """Return the voxels of a mask whose boxes lie within the map."""
    room = np.zeros_like(inside)
    fits = tuple(slice(box // 2, n - box + box // 2 + 1) for n in inside.shape)
    room[fits] = inside[fits]
    if not inside.any():
        raise MapContentError("the mask is empty; give one that covers the molecule.")
    if not room.any():
        raise MapContentError(
            f"no box of {box} voxels around a voxel of the mask lies within the map; give a "
            "smaller box_size or another mask."
        )
    return room


def _visited(room: NDArray[np.bool_], stride: int) -> NDArray[np.bool_]:
    visited = np.zeros_like(room)
    grid = (slice(None, None, stride),) * 3
    visited[grid] = room[grid]
    if not visited.any():
        raise MapContentError(
            f"no box lies in the mask at a stride of {stride}; give a smaller stride."
        )
    return visited


def _runs(corners: NDArray[np.intp], stride: int, box: int) -> list[list[Run]]:
    """Return batches of boxes in rows, each at one z, given their first voxels (boxes, z y x)."""
    most = max(1, int(BATCH / (2 * box) ** 3))
    new = np.any(np.diff(corners, axis=0) != (0, 0, stride), axis=1)
    starts = [0, *(np.flatnonzero(new) + 1).tolist(), len(corners)]
    batches: list[list[Run]] = []
    for start, end in pairwise(starts):
        parts = np.array_split(np.arange(start, end), -(-(end - start) // min(LONGEST, most)))
        for part in parts:
            z, y, x = corners[part[0]].tolist()
            run = Run(z, y, x, len(part), stride)
            last = batches[-1] if batches else []
            full = sum(other.count for other in last) + run.count > most
            if not last or full or last[0].z != z:
                batches.append([])
            batches[-1].append(run)
    return batches


def _last_shells(
    boxes: Boxes, batches: list[list[Run]], held: int, cutoff: float, progress: Progress
) -> NDArray[np.float64]:
    """Return where the correlation falls below the cut-off in every box, in shells up to `held`."""

    def measure(batch: list[Run]) -> NDArray[np.float64]:
        return last_crossing(boxes.correlation(batch)[: held + 1], cutoff)

    count = sum(run.count for batch in batches for run in batch)
    message = f"blocres, {count} boxes of {boxes.edge} voxels"
    shells = []
    together = min(max(len(batches) // 10, 2 * threads.count()), REPORTED)
    for part in threads.slabs(len(batches), together):
        progress(part.start / len(batches), message)
        shells += threads.run_each(measure, batches[part.start : part.stop])
    return np.concatenate(shells)


def _run(
    given: MethodInput, *, box_size: float | None, stride: int | None, cutoff: float
) -> Measured:
    assert given.half_map_values is not None and given.pair is not None
    voxel_size, curve = given.density.spacing, given.pair.curve
    box, reason = chosen_box(given, box_size)
    result = blocres(
        *given.half_map_values,
        voxel_size,
        given.inside,
        box=box,
        stride=stride,
        cutoff=cutoff,
        power_ends=None if curve is None else curve.power_ends,
        progress=given.progress,
    )
    note = f"Boxes of {box} voxels ({box * voxel_size:.3g} Å){reason}, {spacing_text(result)}."
    warnings = tuple(box_warnings(result, voxel_size))
    return Measured(result.values, _uncorrelated(result), notes=(note,), warnings=warnings)


def _uncorrelated(result: BoxResolution) -> NDArray[np.bool_] | None:
    """Return where the nearest box correlates at no resolution."""
    lost = result.visited & (result.values > UNCORRELATED)
    if not lost.any():
        return None
    return nearest_known(lost, result.visited) & (result.values > 0)


METHOD = Method(
    name="blocres",
    label="blocres",
    summary="Requires half maps: their correlation in small boxes.",
    run=_run,
    needs_half_maps=True,
    options=(
        Option("box_size", "Å", "edge of the boxes", None, "6 times the half-map resolution"),
        Option(
            "stride", "voxels", "distance between boxes", None, "1; more in large maps", kind=int
        ),
        Option("cutoff", "FSC", "correlation that counts as resolved", 0.5),
    ),
)
