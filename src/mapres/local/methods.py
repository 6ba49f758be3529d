"""The methods of local resolution: the options that each has, and what each makes of a map."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..density import Density, Progress
from ..errors import MapContentError, MapResError
from ..features.avramov2019 import CLASSES, LIMITS, MIDDLES, predict_classes
from ..half_maps import HalfMaps, half_map_resolution, usable
from ..interpolate import nearest_known
from ..networks.registry import card_path, load
from ..networks.session import GPU
from .classical.blocres import WORST, BoxResolution, blocres, default_box
from .classical.monores import monores
from .classical.resmap import resmap
from .network import predict_local

# The models that methods read with.
NETWORKS = {"mapres": "local", "unet-monores": "unet-monores", "unet-resmap": "unet-resmap"}
WITH_HALF_MAPS = {"local": "local-halves"}
Options = Mapping[str, float | None]
# Names and defaults; None where the map decides.
OPTIONS: dict[str, dict[str, float | None]] = {
    "mapres": {},
    "monores": {"max_res": 20.0, "step": 0.5},
    "blocres": {"box_size": None, "stride": None, "cutoff": 0.5},
    "resmap": {"max_res": None, "step": 1.0, "false_discovery_rate": 0.05},
    "unet-monores": {},
    "unet-resmap": {},
}
# The first is the default. What has not been trained is no method.
METHODS = tuple(m for m in OPTIONS if m not in NETWORKS or card_path(NETWORKS[m]).is_file())
# The one that gives intervals.
UNCERTAIN = "mapres"
OPTION_NAMES = tuple(dict.fromkeys(name for options in OPTIONS.values() for name in options))
# What blocres gives to boxes that correlate nowhere, less rounding.
UNCORRELATED = 0.999 * WORST
# Fraction of the voxels: of MonoRes's two reference maps 0.6% is at the coarsest, of blocres's none
# at 200 Å or beyond a third of the box.
MANY = 0.1
# Smoothing moves the answer a little below the resolution that was tried.
AT_COARSEST = 0.9
# Local resolutions at 0.5 are up to twice as coarse as the FSC at 0.143 of which the default box is
# six times: what has less than three to its box is beyond that.
FEWEST_PER_BOX = 3.0


@dataclass(frozen=True, eq=False)
class Measured:
    """What a method says of a map.

    Attributes
    ----------
    values : float32 array, shape (z, y, x), Å; 0 where nothing was measured
    beyond : bool array, shape (z, y, x), where no resolution that was tried is reached, and the
        value is only what stands for that; None for nowhere
    notes : how it was measured, where the map decided that, one sentence each
    warnings : one sentence each
    finest : Å, what was tried first, where answers are steps; None where they are not
    interval : float32 arrays, shape (z, y, x), Å, both ends of the 90% interval; None of methods
        that give none
    model : ``name@digits`` of the network that read it; None of methods that need none
    provider : what computed the network, as ONNX Runtime calls it; None likewise
    """

    values: NDArray[np.float32]
    beyond: NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    finest: float | None = None
    interval: tuple[NDArray[np.float32], NDArray[np.float32]] | None = None
    model: str | None = None
    provider: str | None = None


def complete_options(method: str, options: Options) -> dict[str, float | None]:
    """Return all options of a method, those not given (or None) at their defaults.

    Raises
    ------
    MapResError
        If there is no such method, or it has no such option.
    """
    if method not in METHODS:
        raise MapResError(f"method {method!r} is not one of {', '.join(METHODS)}; choose another.")
    known = OPTIONS[method]
    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        if name not in known:
            others = " and ".join(m for m in METHODS if name in OPTIONS[m])
            of = f", which is of {others}; choose that method, or" if others else ";"
            raise MapResError(f"{method} has no option {name}{of} leave it out.")
    return known | given


def measure(
    method: str,
    density: Density,
    inside: NDArray[np.bool_],
    half_maps: HalfMaps | None,
    options: Options,
    device: str,
    progress: Progress,
) -> Measured:
    """Measure a map with a method; ``options`` are those of `complete_options`.

    Only networks run on the ``device``, one of `networks.session.DEVICES`.
    """
    if name := NETWORKS.get(method):
        network = load(name if half_maps is None else WITH_HALF_MAPS.get(name, name), device)
        found = _READS[method](density, inside, half_maps, network, progress)
        said = network.notes + found.warnings
        return replace(found, warnings=said, model=network.label, provider=network.provider)
    found = _MEASURES[method](density, inside, half_maps, options, progress)
    if device != GPU:
        return found
    return replace(found, warnings=(f"{method} runs on the CPU only.", *found.warnings))


def _on_arrays(method: Callable, density, inside, half_maps, options, progress) -> Any:
    """Run a method that takes arrays, and measures half maps in place of the map."""
    halves = half_maps and (half_maps[0].values, half_maps[1].values)
    values, voxel_size = density.values, density.spacing
    return method(values, voxel_size, inside, half_maps=halves, progress=progress, **options)


def _mapres(density, inside, half_maps, network, progress) -> Measured:
    if half_maps is not None and not usable(half_maps, inside):
        raise MapContentError(
            "the half maps are the same map, or do not correlate inside the molecule; check them."
        )
    found = predict_local(density, inside, half_maps, network, progress)
    note = f"Read by the network {network.label}."
    beyond = found.values > found.coarsest
    return Measured(
        found.values,
        beyond if beyond.any() else None,
        (note,),
        (),
        interval=(found.low, found.high),
    )


def _unet(density, inside, half_maps, network, progress) -> Measured:
    classes = predict_classes(density.values, inside, network.predict, progress)
    values = np.where(inside, np.maximum(MIDDLES[classes], density.nyquist), 0).astype(np.float32)
    note = (
        f"Read by the network {network.label} in classes of 1 Å, whose middles stand for them; one "
        f"is all that is coarser than {LIMITS[-1]:g} Å."
    )
    unused = ("The half maps were not used: this network reads the map alone.",)
    beyond = inside & (classes == CLASSES - 1)
    finest = max(float(MIDDLES[0]), density.nyquist)
    said: tuple[str, ...] = () if half_maps is None else unused
    fraction = float(np.mean(beyond[inside]))
    if fraction > MANY:
        said += (
            f"{fraction:.0%} of the voxels are coarser than {LIMITS[-1]:g} Å, and are given that.",
        )
    return Measured(values, beyond, (note,), said, finest)


def _monores(density, inside, half_maps, options, progress) -> Measured:
    values = _on_arrays(monores, density, inside, half_maps, options, progress)
    stuck = float(np.mean(values[values > 0] > AT_COARSEST * options["max_res"]))
    warnings = (
        f"{stuck:.0%} of the voxels are near the coarsest resolution tried, "
        f"{options['max_res']:.3g} Å, and may be worse; repeat with a larger max_res.",
    )
    # MonoRes itself begins at the coarsest: its answers there are answers.
    return Measured(values, None, (), warnings if stuck > MANY else ())


def _blocres(density, inside, half_maps, options, progress) -> Measured:
    if half_maps is None:
        raise MapContentError("blocres compares two half maps and got none; give both.")
    box, reason = _box(density, inside, half_maps, options["box_size"])
    found = blocres(
        half_maps[0].values,
        half_maps[1].values,
        density.spacing,
        inside,
        box=box,
        stride=options["stride"],
        cutoff=options["cutoff"],
        progress=progress,
    )
    note = f"Boxes of {box} voxels ({box * density.spacing:.3g} Å){reason}, {_spacing(found)}."
    doubts = tuple(_box_doubts(found, density.spacing))
    return Measured(found.values, _uncorrelated(found), (note,), doubts)


def _resmap(density, inside, half_maps, options, progress) -> Measured:
    found = _on_arrays(resmap, density, inside, half_maps, options, progress)
    coarsest = found.wavelengths[-1]
    beyond = float(found.beyond.sum() / inside.sum())
    if beyond == 1:
        raise MapContentError(
            f"ResMap finds nothing resolved from {found.wavelengths[0]:.3g} to {coarsest:.3g} Å; "
            "give a larger max_res."
        )
    values = np.where(found.beyond, np.float32(coarsest), np.nan_to_num(found.values))
    warnings = (
        f"{beyond:.0%} of the voxels are not resolved at {coarsest:.3g} Å, the coarsest tried, and "
        "are given that; repeat with a larger max_res.",
    )
    note = f"Wavelengths from {found.wavelengths[0]:.3g} to {coarsest:.3g} Å were tried."
    said = warnings if beyond > MANY else ()
    return Measured(values, found.beyond, (note,), said, finest=found.wavelengths[0])


def _box(density, inside, half_maps, box_size) -> tuple[int, str]:
    """Return the edge of the boxes, voxels, and why it is that."""
    if box_size is not None:
        return round(box_size / density.spacing), ""
    resolution = half_map_resolution(density, half_maps, inside)
    if resolution is None:
        raise MapContentError(
            "the half maps do not correlate inside the molecule, so that no box can be chosen; "
            "check them, or give box_size."
        )
    box = default_box(resolution, density.spacing, density.values.shape)
    times = box * density.spacing / resolution
    return box, f", {times:.1f} times the {resolution:.2f} Å of the half maps' FSC at 0.143"


def _uncorrelated(found: BoxResolution) -> NDArray[np.bool_] | None:
    """Return where the nearest box correlates at no resolution; what is between may read less."""
    lost = found.visited & (found.values > UNCORRELATED)
    if not lost.any():
        return None
    return nearest_known(lost, found.visited) & (found.values > 0)


def _spacing(found: BoxResolution) -> str:
    if found.stride == 1:
        return "one at every voxel"
    return f"one every {found.stride} voxels along each axis, interpolated between"


def _box_doubts(found: BoxResolution, voxel_size: float) -> Iterator[str]:
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
            f"which reads them too good; repeat with a box_size of {wanted:.0f} Å or more."
        )


_MEASURES: dict[str, Callable[..., Measured]] = {
    "monores": _monores,
    "blocres": _blocres,
    "resmap": _resmap,
}
_READS: dict[str, Callable[..., Measured]] = {
    "mapres": _mapres,
    "unet-monores": _unet,
    "unet-resmap": _unet,
}
