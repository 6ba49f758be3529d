"""The command ``localres``: maps in, volumes of local resolution out, and colored surfaces.

The core computes, in a job.
"""

from __future__ import annotations

import numpy as np
from chimerax.atomic import AtomsArg
from chimerax.core.commands import (
    BoolArg,
    CmdDesc,
    ColormapArg,
    ColormapRangeArg,
    EnumOf,
    Or,
    PositiveFloatArg,
    PositiveIntArg,
    SaveFileNameArg,
    register,
)
from chimerax.core.errors import UserError
from chimerax.map import MapArg, MapsArg

from .colormap import check_range
from .jobs import run_job
from .log import as_user_errors, log_table, returned
from .mapres.local.methods import DEFAULT, METHODS, OPTIONS, require_interval
from .mapres.local.resolution import local_resolution
from .mapres.networks.session import AUTO, DEVICES
from .mapres.results.compare import agreement, checked_resolution
from .mapres.results.local_report import local_json, local_rows
from .residues import prepare_residues, read_residues, show_residues
from .result_volumes import open_difference, open_result, open_uncertainty
from .snapshot import draw_figure, prepare_figure
from .surface_colors import paint
from .volumes import (
    MapsOrWhyNotArg,
    check_open,
    density_of,
    half_map_densities,
    indices_between,
    required,
)

# How ChimeraX reads the options of methods.
ARGUMENTS = {float: PositiveFloatArg, int: PositiveIntArg}


def localres(
    session,
    maps,
    *,
    mask=None,
    half_maps=None,
    method=DEFAULT,
    device=AUTO,
    uncertainty=False,
    compare=None,
    atoms=None,
    residue_table=None,
    palette=None,
    range=None,
    key=True,
    max_uncertainty=None,
    figure=None,
    return_json=False,
    **options,
):
    """Measure the local resolution of maps, color their surfaces by it and show a key.

    Parameters
    ----------
    maps : list of Volume
    mask : Volume on the grid of the map, or None for an automatic mask
    half_maps : list of the two half maps (only with a single map), or None
    method : name of the method
    device : where its network runs, "auto", "cpu" or "gpu"
    uncertainty : whether to open half the width of the 90% interval as a second volume
    compare : Volume that holds another local resolution of the map, from any program, or name of a
        method; the surface then shows the difference
    atoms : Atoms that lie in the map: their residues get the mean over them as an attribute
        ``local_resolution``, and the log summarizes it by chain
    residue_table : path of a CSV file with a row for each of those residues
    palette, range, key : how the surfaces are colored, see `colormap.Scale.colormap`
    max_uncertainty : Å; the surface is gray where the 90% interval is wider
    figure : path of a PNG file for slices, histogram and key, and the view if there is one
    return_json : whether to return a JSONResult
    options : those of the method, see `mapres.local.methods.OPTIONS`

    Returns
    -------
    ResultVolume
        Hidden, on the grid of the map; a list of them if several maps were given.
    """
    maps = required(maps)
    check_range(range)
    _require_one_map(maps, compare=compare, atoms=atoms, figure=figure)
    _require_intervals(method, compare, uncertainty, max_uncertainty)
    if figure is not None and figure == residue_table:
        raise UserError("figure and residueTable are the same file; give two.")
    prepare_residues(session, atoms, residue_table)
    prepare_figure(figure)
    halves = half_map_densities(maps, half_maps)
    shared = {"mask": mask and density_of(mask), "half_maps": halves, "device": device}
    found = []
    for map in maps:
        check_open(maps)
        found.append(_measure(session, map, compare, shared, {"method": method} | options))
    check_open(maps)
    results, _, summaries = zip(*found, strict=True)
    model = None if atoms is None else read_residues(maps[0], results[0], atoms)
    # Only now, so that an error in any map leaves nothing half done.
    volumes = [_open(map, *each, uncertainty) for map, each in zip(maps, found, strict=True)]
    if model is not None:
        summaries[0]["atoms"] = show_residues(session, model, residue_table)
    paint(session, maps, volumes, palette, range, key, max_uncertainty)
    if figure is not None:
        usual = all(value is None for value in (palette, range, max_uncertainty, compare))
        draw_figure(session, maps[0], results[0], figure, with_view=usual)
    return returned(volumes, summaries, return_json)


def register_command(synopsis, logger):
    """Register the command with ChimeraX."""
    description = CmdDesc(
        required=[("maps", MapsOrWhyNotArg)],
        keyword=[
            ("mask", MapArg),
            ("half_maps", MapsArg),
            ("method", EnumOf(tuple(METHODS))),
            ("device", EnumOf(DEVICES)),
            *((name, ARGUMENTS[option.kind]) for name, option in OPTIONS.items()),
            ("uncertainty", BoolArg),
            ("compare", Or(EnumOf(tuple(METHODS)), MapArg)),
            ("atoms", AtomsArg),
            ("residue_table", SaveFileNameArg),
            ("palette", ColormapArg),
            ("range", ColormapRangeArg),
            ("key", BoolArg),
            ("max_uncertainty", PositiveFloatArg),
            ("figure", SaveFileNameArg),
        ],
        synopsis=synopsis,
    )
    register("localres", description, localres, logger=logger)


def _require_one_map(maps, **options):
    """Refuse options that are for a single map, if there are several."""
    for name, value in options.items():
        if value is not None and len(maps) != 1:
            raise UserError(f"{name} is for one map, got {len(maps)}; give one map at a time.")


def _require_intervals(method, compare, uncertainty, max_uncertainty):
    """Refuse options that need an interval for every voxel, if there is none."""
    for name, value in (("uncertainty", uncertainty), ("maxUncertainty", max_uncertainty)):
        if value:
            with as_user_errors():
                require_interval(method, name)
    if max_uncertainty and compare is not None:
        raise UserError("maxUncertainty and compare color the surface differently; give only one.")


def _measure(session, map, compare, shared, options):
    """Return the result of a map, its `Agreement` with another or None, and both as plain types."""
    density = density_of(map)
    other = compare and _other(session, map, density, compare, shared)
    result = run_job(session, map, local_resolution, density, **shared, **options)
    agreed = None
    if other:
        *pair, warnings = other
        agreed = run_job(session, map, agreement, result, *pair, warnings=warnings)
    log_table(session, local_rows(density, result, agreed))
    return result, agreed, local_json(density, result, agreed)


def _other(session, map, density, compare, shared):
    """Return the resolution to compare with, where it lies, and its warnings."""
    if isinstance(compare, str):
        name, options = METHODS[compare].label, shared | {"method": compare}
        found = run_job(session, map, local_resolution, density, **options)
        return density.with_values(found.resolved, name), np.eye(3, 4), found.warnings
    with as_user_errors():
        other = checked_resolution(density_of(compare), density)
        return other, indices_between(map, compare), ()


def _open(map, result, agreed, summary, uncertainty):
    """Open what was measured; return the volume of the result, and add numbers to the summary."""
    volume = open_result(map, result)
    summary["output"] = f"#{volume.id_string}"
    if uncertainty:
        summary["uncertainty"] = f"#{open_uncertainty(map, result).id_string}"
    if agreed is not None:
        volume.difference = open_difference(map, agreed)
        summary["difference"] = f"#{volume.difference.id_string}"
    return volume
