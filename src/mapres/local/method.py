"""Types of local-resolution methods: name and options, input, result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..checks.check import LocalFilter
from ..checks.half_map_measurements import HalfMapMeasurements, measure_half_maps
from ..checks.measurements import Measurements, measure_map
from ..density import Density
from ..errors import MapContentError
from ..half_maps import HalfMaps, fsc_mask
from ..mask import molecule_in
from ..networks.session import GPU
from ..progress import Progress

# Fraction of the voxels above which a method warns: in the two reference maps of MonoRes 0.6% are
# at the coarsest resolution, in those of blocres none are at 200 Å or beyond a third of the box.
MANY = 0.1


@dataclass(frozen=True)
class Option:
    """An option of a method, the same for the command line, ChimeraX and the core.

    Attributes
    ----------
    name : of the keyword
    unit : of its value: ``Å``, ``voxels``, or what it is a fraction of
    help : a few words
    default : None if it depends on the map
    default_text : the default in words, if it is not that number
    kind : type of its value, which is always above 0
    """

    name: str
    unit: str
    help: str
    default: float | None
    default_text: str = ""
    kind: type[float] | type[int] = float

    @property
    def default_in_words(self) -> str:
        """The default in words."""
        return self.default_text or f"{self.default:g}"


@dataclass(frozen=True, eq=False)
class MethodInput:
    """Input of every method.

    Attributes
    ----------
    density : the map
    inside : bool array, shape (z, y, x), where to measure; not empty
    automatic : whether that is the automatic mask, not the user's
    half_maps : on the map's grid, or None
    device : where networks run, one of `networks.session.DEVICES`
    progress : called as ``progress(fraction, message)``
    found : bool array, shape (z, y, x), the molecule without a user's mask, if it is known already
    """

    density: Density
    inside: NDArray[np.bool_]
    automatic: bool
    half_maps: HalfMaps | None
    device: str
    progress: Progress
    found: NDArray[np.bool_] | None = None

    @property
    def half_map_values(self) -> tuple[NDArray, NDArray] | None:
        """The two half maps as arrays, shape (z, y, x)."""
        return self.half_maps and (self.half_maps[0].values, self.half_maps[1].values)

    @cached_property
    def molecule(self) -> NDArray[np.bool_]:
        """The whole molecule: a user's mask may cover a part of it, and the rest is not solvent."""
        if self.automatic:
            return self.inside
        if self.found is not None:
            return self.inside | self.found
        try:
            return self.inside | molecule_in(self.density)
        except MapContentError:
            return self.inside

    @cached_property
    def pair(self) -> HalfMapMeasurements | None:
        """What was measured of the half maps, made once; their FSC is that around the molecule."""
        if self.half_maps is None:
            return None
        mask = fsc_mask(self.molecule, self.density.spacing)
        return measure_half_maps(self.half_maps, self.molecule, self.density, mask)

    @cached_property
    def measurements(self) -> Measurements:
        """What was measured of the map, made once."""
        return measure_map(self.density, self.molecule)


@dataclass(frozen=True, eq=False)
class Interval:
    """The 90% interval of every voxel in a part of the box: whole maps would take twice the memory.

    Attributes
    ----------
    box : slices of the part, which holds all measured voxels
    low, high : float32 arrays, shape (z, y, x) of the part, Å; 0 where nothing was measured
    """

    box: tuple[slice, ...]
    low: NDArray[np.float32]
    high: NDArray[np.float32]

    def half_widths(self) -> NDArray[np.float32]:
        """Return half the width, shape (z, y, x) of the part, Å."""
        return 0.5 * (self.high - self.low)


@dataclass(frozen=True, eq=False)
class Measured:
    """Result of a method.

    Attributes
    ----------
    values : float32 array, shape (z, y, x), Å; 0 where nothing was measured
    beyond : bool array, shape (z, y, x), where no resolution tried is reached and the value only
        marks that; None if nowhere
    notes : how it was measured, where that depends on the map, one sentence each
    warnings : one sentence each
    finest : Å, the finest resolution tried; None if results are continuous
    interval_in_box : the 90% interval; None for methods that give none
    local_filter : that was seen in parts of the map; None without, and of methods that do not look
    model : ``name@digits`` of the network that predicted it; None for methods without one
    provider : ONNX Runtime's execution provider that ran the network; None likewise
    """

    values: NDArray[np.float32]
    beyond: NDArray[np.bool_] | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    finest: float | None = None
    interval_in_box: Interval | None = None
    local_filter: LocalFilter | None = None
    model: str | None = None
    provider: str | None = None

    @property
    def interval(self) -> tuple[NDArray[np.float32], NDArray[np.float32]] | None:
        """Both ends of the 90% interval, shape (z, y, x), Å; 0 where nothing was measured."""
        part = self.interval_in_box
        if part is None:
            return None
        low, high = (np.zeros_like(self.values) for _ in range(2))
        low[part.box], high[part.box] = part.low, part.high
        return low, high


@dataclass(frozen=True)
class Method:
    """A local-resolution method.

    Attributes
    ----------
    name : on the command line
    label : as its authors write it
    summary : one line on what it requires and gives
    run : takes a `MethodInput` and the options
    needs_half_maps : whether it requires half maps
    has_interval : whether it gives the 90% interval of every voxel
    options : its options
    models : names of the networks that it predicts with
    """

    name: str
    label: str
    summary: str
    run: Callable[..., Measured]
    needs_half_maps: bool = False
    has_interval: bool = False
    options: tuple[Option, ...] = ()
    models: tuple[str, ...] = ()

    def measure(self, given: MethodInput, options: Mapping[str, float | None]) -> Measured:
        """Measure a map; ``options`` are all options of the method.

        Raises
        ------
        MapContentError
            If the method needs half maps and there are none, or cannot measure the map.
        """
        if self.needs_half_maps and given.half_maps is None:
            raise MapContentError(f"{self.name} requires two half maps; give both.")
        return self.run(given, **options)

    def device_warnings(self, device: str) -> tuple[str, ...]:
        """Warn if the requested device makes no difference."""
        return (f"{self.name} runs on the CPU only.",) if device == GPU and not self.models else ()
