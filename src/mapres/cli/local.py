"""Measure a map's local resolution."""

from __future__ import annotations

import argparse
from functools import partial
from typing import Any

from ..density import Density
from ..errors import OutputError
from ..local.methods import DEFAULT, METHODS, OPTIONS, require_interval
from ..progress import labeled
from ..threads import started
from .arguments import add_device, add_half_maps, add_option, add_voxel_size
from .files import check_outputs, read_each
from .terminal import print_result, working


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    of_half_maps = ", ".join(method.name for method in METHODS.values() if method.needs_half_maps)
    parser.add_argument("map", metavar="MAP")
    parser.add_argument(
        "-o", "--output", metavar="OUT.mrc", required=True, help="local resolution to write, in Å"
    )
    parser.add_argument("--mask", metavar="MASK", help="where to measure; automatic by default")
    add_half_maps(parser)
    add_voxel_size(parser)
    parser.add_argument(
        "--method",
        choices=METHODS,
        default=DEFAULT,
        help=f"%(choices)s; {of_half_maps} requires half maps (default: %(default)s)",
    )
    add_device(parser)
    for option in OPTIONS.values():
        add_option(parser, option)
    parser.add_argument(
        "--compare",
        metavar="OTHER",
        help="local resolution to compare with: a file or a method",
    )
    parser.add_argument(
        "--difference",
        metavar="DIFF.mrc",
        help="also write the difference from --compare, in Å",
    )
    parser.add_argument(
        "--uncertainty", metavar="HALF.mrc", help="mapres: also write half the 90%% interval, in Å"
    )
    parser.add_argument("--png", metavar="FIG.png", help="also draw slices and a histogram")


def run(options: argparse.Namespace) -> int:
    """Measure a map and write the results; return the exit status."""
    _check(options)
    # While the rest is imported.
    read = started(partial(_read, options))
    from ..io import write
    from ..local.resolution import local_resolution
    from ..results.compare import agreement
    from ..results.local_report import local_json, local_rows
    from ..results.resample import grid_to_grid

    with working() as progress:
        density, given = read()
        shared = given | {"device": options.device, "progress": progress}
        chosen = {name: getattr(options, name) for name in OPTIONS}
        other, warnings = _other(options.compare, density, shared)
        result = local_resolution(density, method=options.method, **shared, **chosen)
        agreed = None
        if other is not None:
            agreed = agreement(result, other, grid_to_grid(density, other), warnings=warnings)
        write(options.output, density.with_values(result.values))
        if options.uncertainty:
            write(options.uncertainty, density.with_values(result.uncertainty))
        if agreed and options.difference:
            write(options.difference, density.with_values(agreed.difference))
        if options.png:
            from ..results.figures import local_figure

            local_figure(density, result, options.png)
    print_result(
        options.json,
        lambda: local_json(density, result, agreed) | {"output": options.output},
        lambda: [*local_rows(density, result, agreed), ("Output", options.output)],
    )
    return 0


def _read(options: argparse.Namespace) -> tuple[Density, dict[str, Any]]:
    """Return the map, and the mask and half maps that belong to it."""
    paths = options.map, options.mask, *(options.half_maps or ())
    density, mask, *halves = read_each(*paths, voxel_size=options.voxel_size)
    return density, {"mask": mask, "half_maps": tuple(halves) or None}


def _check(options: argparse.Namespace) -> None:
    if options.difference and not options.compare:
        raise OutputError("--difference requires --compare; give both.")
    if options.uncertainty:
        require_interval(options.method, "--uncertainty")
    check_outputs(options)


def _other(
    compare: str | None, density: Density, shared: dict[str, Any]
) -> tuple[Density | None, tuple[str, ...]]:
    """Return the local resolution to compare with, from a method or a file, and its warnings."""
    from ..io import read
    from ..local.resolution import local_resolution
    from ..results.compare import checked_resolution

    if compare is None:
        return None, ()
    if compare not in METHODS:
        return checked_resolution(read(compare), density), ()
    name = METHODS[compare].label
    progress = labeled(shared["progress"], name)
    result = local_resolution(density, method=compare, **shared | {"progress": progress})
    return density.with_values(result.resolved, name), result.warnings
