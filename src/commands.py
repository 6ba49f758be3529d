"""The commands ``resvalidate`` and ``localres``: maps in, a table in the log and a volume out.

Nothing is computed here. The core runs in a process of its own, because the library of its networks
and the graphics driver do not always share one.
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
    StringArg,
    register,
)
from chimerax.core.errors import UserError
from chimerax.map import MapArg, MapsArg

from .answers import log_table, returned
from .asking import ask
from .coloring import colour_maps, difference_colormap, resolution_colormap
from .mapres.agreement import checked_resolution
from .mapres.errors import MapResError
from .mapres.methods import METHODS, UNCERTAIN
from .mapres.models import ALL, available, chosen
from .mapres.report import (
    METHOD_NAMES,
    comparison_json,
    comparison_rows,
    local_json,
    local_rows,
)
from .residues import prepare, read_residues, show_residues
from .volumes import density_of, indices_between, open_difference, open_result, open_uncertainty


def resvalidate(session, maps, *, claimed=None, half_maps=None, model="default", return_json=False):
    """Estimate the resolution of maps from the maps alone, and judge a claimed value.

    Parameters
    ----------
    maps : list of Volume
    claimed : resolution in Å to judge, or None
    half_maps : list of the two half maps (only with a single map), or None
    model : name of the model, or path of the card of one's own; "all" for every shipped one
    return_json : whether to return a JSONResult

    Returns
    -------
    mapres.validation.Validation
        A list of them, one a model, with "all"; a list of either where several maps were given.
    """
    options = {"claimed": claimed, "half_maps": _half_maps(maps, half_maps)}
    results, summaries = [], []
    for map in _some(maps):
        _check_open([map])
        density = density_of(map)
        found = [
            ask(session, density.name, "validate", density, **options, model=name)
            for name in chosen(model)
        ]
        log_table(session, comparison_rows(found))
        results.append(found if len(found) > 1 else found[0])
        summaries.append(comparison_json(found))
    return returned(results, summaries, return_json)


def localres(
    session,
    maps,
    *,
    mask=None,
    half_maps=None,
    method=METHODS[0],
    max_res=None,
    step=None,
    box_size=None,
    stride=None,
    cutoff=None,
    false_discovery_rate=None,
    uncertainty=False,
    compare=None,
    atoms=None,
    atoms_file=None,
    palette=None,
    range=None,
    key=True,
    return_json=False,
):
    """Measure the local resolution of maps, colour their surfaces with it and show a key.

    Parameters
    ----------
    maps : list of Volume
    mask : Volume on the grid of the map, or None for an automatic mask
    half_maps : list of the two half maps (only with a single map), or None
    method : name of the method
    max_res, step : coarsest resolution that MonoRes or ResMap tries and distance between two, Å
    box_size, stride, cutoff : edge of the boxes of blocres, Å, voxels between two of them, and the
        correlation that counts as resolved
    false_discovery_rate : of ResMap, the share of resolved voxels that noise may make
    uncertainty : whether to open half the width of the 90 % interval as a second volume
    compare : Volume that holds another local resolution of the map, whatever program made it, or
        name of a method; the surface then shows the difference
    atoms : Atoms that lie in the map: their residues get the mean over them as an attribute
        ``local_resolution``, and the log tells it by chain
    atoms_file : path of a CSV file with a row for each of those residues
    palette, range, key : how the surfaces are coloured, see `coloring.resolution_colormap`
    return_json : whether to return a JSONResult

    Returns
    -------
    Volume
        Hidden, on the grid of the map; a list of them where several maps were given. Scripts find
        the result as its ``local_resolution``, what it was compared with as its ``difference``.
    """
    shared = {"mask": mask and density_of(mask), "half_maps": _half_maps(maps, half_maps)}
    for name, value in (("compare", compare), ("atoms", atoms)):
        if value is not None and len(_some(maps)) != 1:
            raise UserError(f"{name} is for one map, got {len(maps)}; give one map at a time.")
    if uncertainty and method != UNCERTAIN:
        raise UserError(f"uncertainty is of the method {UNCERTAIN}; choose that, or leave it out.")
    prepare(session, atoms, atoms_file)
    options = shared | {
        "method": method,
        "max_res": max_res,
        "step": step,
        "box_size": box_size,
        "stride": stride,
        "cutoff": cutoff,
        "false_discovery_rate": false_discovery_rate,
    }
    results, summaries, agreed = [], [], None
    for map in _some(maps):
        _check_open(maps)
        density = density_of(map)
        other = compare and _other(session, map, compare, shared)
        result = ask(session, density.name, "local_resolution", density, **options)
        if other:
            *pair, doubts = other
            agreed = ask(session, density.name, "agreement", result, *pair, warnings=doubts)
        log_table(session, local_rows(density, result, agreed))
        results.append(result)
        summaries.append(local_json(density, result, agreed))
    _check_open(maps)
    model = None if atoms is None else read_residues(maps[0], results[0], atoms)
    # Only now: an error in any map must leave nothing half done.
    volumes = [open_result(map, result) for map, result in zip(maps, results, strict=True)]
    for summary, volume in zip(summaries, volumes, strict=True):
        summary["output"] = f"#{volume.id_string}"
    if uncertainty:
        for summary, map, result in zip(summaries, maps, results, strict=True):
            summary["uncertainty"] = f"#{open_uncertainty(map, result).id_string}"
    if model is not None:
        summaries[0]["atoms"] = show_residues(session, model, atoms_file)
    if agreed is None:
        colormap = resolution_colormap([r.values[r.mask] for r in results], palette, range)
        colour_maps(session, maps, volumes, colormap, key)
    else:
        difference = volumes[0].difference = open_difference(maps[0], agreed)
        summaries[0]["difference"] = f"#{difference.id_string}"
        colormap = difference_colormap(agreed.difference[agreed.compared], palette, range)
        colour_maps(session, maps, [difference], colormap, key)
    return returned(volumes, summaries, return_json)


def _other(session, map, compare, shared):
    """Return what a result is compared with, where it lies, and its warnings."""
    if isinstance(compare, str):
        density, name = density_of(map), METHOD_NAMES[compare]
        options = shared | {"method": compare}
        found = ask(session, density.name, "local_resolution", density, **options)
        return density.with_values(found.resolved, name), np.eye(3, 4), found.warnings
    try:
        return checked_resolution(density_of(compare)), indices_between(map, compare), ()
    except MapResError as error:
        raise UserError(str(error)) from error


def _some(maps):
    if not maps:
        raise UserError("No map was specified; give a map, for example #1.")
    return maps


def _check_open(maps):
    """Refuse to go on with maps that were closed while others were measured, or they were."""
    for map in maps:
        if map.deleted:
            raise UserError(f"{map.name} was closed before it was measured; nothing was changed.")


def _half_maps(maps, half_maps):
    if half_maps is None:
        return None
    if len(half_maps) != 2:
        raise UserError(f"halfMaps must be two maps, got {len(half_maps)}; give both halves.")
    if len(maps) != 1:
        raise UserError(f"halfMaps belong to one map, got {len(maps)}; give one map at a time.")
    return tuple(density_of(half) for half in half_maps)


_RESVALIDATE = {
    "required": [("maps", MapsArg)],
    "keyword": [
        ("claimed", PositiveFloatArg),
        ("half_maps", MapsArg),
        ("model", Or(EnumOf((*available(), ALL)), StringArg)),
    ],
}
_LOCALRES = {
    "required": [("maps", MapsArg)],
    "keyword": [
        ("mask", MapArg),
        ("half_maps", MapsArg),
        ("method", EnumOf(METHODS)),
        ("max_res", PositiveFloatArg),
        ("step", PositiveFloatArg),
        ("box_size", PositiveFloatArg),
        ("stride", PositiveIntArg),
        ("cutoff", PositiveFloatArg),
        ("false_discovery_rate", PositiveFloatArg),
        ("uncertainty", BoolArg),
        ("compare", Or(EnumOf(METHODS), MapArg)),
        ("atoms", AtomsArg),
        ("atoms_file", SaveFileNameArg),
        ("palette", ColormapArg),
        ("range", ColormapRangeArg),
        ("key", BoolArg),
    ],
}
_COMMANDS = {"resvalidate": (resvalidate, _RESVALIDATE), "localres": (localres, _LOCALRES)}


def register_command(name, synopsis, logger):
    """Register one of the commands with ChimeraX."""
    function, arguments = _COMMANDS[name]
    register(name, CmdDesc(**arguments, synopsis=synopsis), function, logger=logger)
