"""The command ``resvalidate``: maps in, a verdict on their resolution in the log."""

from __future__ import annotations

from chimerax.core.commands import CmdDesc, EnumOf, Or, PositiveFloatArg, StringArg, register
from chimerax.core.errors import UserError
from chimerax.map import MapArg, MapsArg

from .jobs import run_job
from .log import log_table, returned
from .mapres.networks.registry import chosen, summaries
from .mapres.networks.session import AUTO, DEVICES
from .mapres.results.validation_report import comparison_json, comparison_rows
from .mapres.validation.validate import validate
from .volumes import MapsOrWhyNotArg, check_open, density_of, half_map_densities, required


def resvalidate(
    session,
    maps,
    *,
    claimed=None,
    half_maps=None,
    mask=None,
    model="default",
    device=AUTO,
    return_json=False,
):
    """Estimate the resolution of maps from the maps alone, and judge a claimed value.

    Parameters
    ----------
    maps : list of Volume
    claimed : resolution in Å to judge, or None
    half_maps : list of the two half maps (only with a single map), or None
    mask : Volume on the grid of the map (only with a single map), or None for an automatic mask
    model : name of a shipped network, "all" for each of them, or path of a model card
    device : where the network runs, "auto", "cpu" or "gpu"
    return_json : whether to return a JSONResult

    Returns
    -------
    mapres.validation.result.Validation
        A list of one per network with "all"; a list of either if several maps were given.
    """
    maps = required(maps)
    halves = half_map_densities(maps, half_maps)
    if mask is not None and len(maps) != 1:
        raise UserError(f"mask is for one map, got {len(maps)}; give one map at a time.")
    options = {"claimed": claimed, "half_maps": halves, "device": device}
    options["mask"] = mask and density_of(mask)
    results, summaries = [], []
    for map in maps:
        check_open([map])
        density = density_of(map)
        found = [
            run_job(session, map, validate, density, **options, model=name)
            for name in chosen(model)
        ]
        log_table(session, comparison_rows(found))
        results.append(found if len(found) > 1 else found[0])
        summaries.append(comparison_json(found))
    return returned(results, summaries, return_json)


def register_command(synopsis, logger):
    """Register the command with ChimeraX."""
    description = CmdDesc(
        required=[("maps", MapsOrWhyNotArg)],
        keyword=[
            ("claimed", PositiveFloatArg),
            ("half_maps", MapsArg),
            ("mask", MapArg),
            ("model", Or(EnumOf(tuple(summaries())), StringArg)),
            ("device", EnumOf(DEVICES)),
        ],
        synopsis=synopsis,
    )
    register("resvalidate", description, resvalidate, logger=logger)
