"""What a method of local resolution is: its name and options, what it is given, what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..checks.measurements import Measurements, measure_map
from ..density import Density
from ..errors import MapContentError
from ..half_maps import HalfMaps
from ..mask import solvent_mask
from ..networks.session import GPU
from ..progress import Progress

# Fraction of the voxels from which on a method warns of something: of MonoRes's two reference maps
# 0.6% is at the coarsest, of blocres's none at 200 Å or beyond a third of the box.
MANY = 0.1


@dataclass(frozen=True)
class Option:
    """An option of a method, the same for the command line, ChimeraX and the core.

    Attributes
    ----------
    name : of the keyword
    unit : of its value: ``Å``, ``voxels``, or what it is a fraction of
    help : what it is, in a few words
    default : None where the map decides
    default_text : the default in words, where it is not that number
    kind : of its value, always above 0
    """

    name: str
    unit: str
    help: str
    default: float | None
    default_text: str = ""
    kind: type[float] | type[int] = float

    @property
    def said_default(self) -> str:
        """The default in words."""
        return self.default_text or f"{self.default:g}"


@dataclass(frozen=True, eq=False)
class MethodInput:
    """What every method is given.

    Attributes
    ----------
    density : the map
    inside : bool array, shape (z, y, x), where to measure; not empty
    automatic : whether that is the molecule, found in the map, and no mask of the user's
    half_maps : on the map's grid, or None
    device : where networks run, one of `networks.session.DEVICES`
    progress : called as ``progress(fraction, message)``
    """

    density: Density
    inside: NDArray[np.bool_]
    automatic: bool
    half_maps: HalfMaps | None
    device: str
    progress: Progress

    @property
    def half_map_values(self) -> tuple[NDArray, NDArray] | None:
        """The two half maps as arrays, shape (z, y, x)."""
        return self.half_maps and (self.half_maps[0].values, self.half_maps[1].values)

    @cached_property
    def molecule(self) -> NDArray[np.bool_]:
        """Where the molecule is: a mask may be of a part, and what is beside it no solvent."""
        if self.automatic:
            return self.inside
        try:
            return self.inside | solvent_mask(self.density)
        except MapContentError:
            return self.inside

    @cached_property
    def measurements(self) -> Measurements:
        """What was measured of the map, made once."""
        return measure_map(self.density, self.molecule)


@dataclass(frozen=True, eq=False)
class Measured:
    """What a method finds in a map.

    Attributes
    ----------
    values : float32 array, shape (z, y, x), Å; 0 where nothing was measured
    beyond : bool array, shape (z, y, x), where no resolution that was tried is reached, and the
        value is only what stands for that; None for nowhere
    notes : how it was measured, where the map decided that, one sentence each
    warnings : one sentence each
    finest : Å, what was tried first, where results are steps; None where they are not
    interval : float32 arrays, shape (z, y, x), Å, both ends of the 90% interval; None of methods
        that give none
    model : ``name@digits`` of the network that predicted it; None of methods that need none
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


@dataclass(frozen=True)
class Method:
    """A method of local resolution.

    Attributes
    ----------
    name : on the command line
    label : as its authors write it
    summary : what it needs and is good for, in a line
    run : from a `MethodInput` and the options to what was measured
    needs_half_maps : it measures nothing without
    has_interval : it gives the 90% interval of every voxel
    options : that can be given
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
        """Measure a map; ``options`` are all of its own.

        Raises
        ------
        MapContentError
            If the method needs half maps and there are none, or cannot measure the map.
        """
        if self.needs_half_maps and given.half_maps is None:
            raise MapContentError(f"{self.name} requires two half maps; give both.")
        return self.run(given, **options)

    def device_warnings(self, device: str) -> tuple[str, ...]:
        """Say where the device that was asked for makes no difference."""
        return (f"{self.name} runs on the CPU only.",) if device == GPU and not self.models else ()
