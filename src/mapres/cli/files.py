"""Input files of a subcommand, and checks of its output files."""

from __future__ import annotations

import argparse
import os
from typing import Any

from ..density import Density
from ..errors import OutputError
from ..threads import run_each

INPUTS = ("map", "mask", "half1", "half2", "compare")
OUTPUTS = ("output", "difference", "uncertainty", "png")


def read_each(*paths: str | None, voxel_size: float | None = None) -> list[Any]:
    """Read several maps at the same time; None, for one that is not given, stays None.

    A ``voxel_size`` in Å takes the place of that in their headers.
    """
    from ..io import read, with_voxel_size

    def one(path: str | None) -> Density | None:
        if not path:
            return None
        density = read(path)
        return density if voxel_size is None else with_voxel_size(density, voxel_size)

    return run_each(one, paths)


def check_outputs(options: argparse.Namespace) -> None:
    """Check, before a long computation, that its outputs can be written.

    Raises
    ------
    OutputError
        If one of them cannot be written, is an input, or is named twice.
    """
    from ..output import require_writable
    from ..results.drawing import require_matplotlib

    named = vars(options)
    inputs = [*map(named.get, INPUTS), *(named.get("half_maps") or ())]
    outputs = [path for path in map(named.get, OUTPUTS) if path]
    for path in outputs:
        require_writable(path, filter(None, inputs))
    places = [os.path.realpath(path) for path in outputs]
    if twice := [p for p, place in zip(outputs, places, strict=True) if places.count(place) > 1]:
        raise OutputError(f"{twice[0]} is given for two outputs; choose different names.")
    if options.png:
        require_matplotlib()
