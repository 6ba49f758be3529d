"""The command ``localres``: maps in, a volume of local resolution out, and colored surfaces.

Nothing is computed here: the core is, in a job.
"""

from __future__ import annotations

import numpy as np
from chimerax.core.errors import UserError

from .color_key import hide_titled_key, show_titled_key
from .colormap import scale_of
from .jobs import run_job
from .log import as_user_errors, log_table, returned
from .mapres.local.methods import METHODS, UNCERTAIN
from .mapres.local.resolution import local_resolution
from .mapres.networks.session import AUTO
from .mapres.results.compare import agreement, checked_resolution
from .mapres.results.report import METHOD_NAMES, local_json, local_rows
from .residues import prepare, read_residues, show_residues
from .snapshot import draw_figure, prepare_figure
from .surface_colors import color_maps, gray_where_unsure
from .volumes import (
    UNSURE,
    check_open,
    density_of,
    half_map_densities,
    indices_between,
    name_of,
    open_difference,
    open_result,
    open_sure,
    open_uncertainty,
    required,
)


def localres(
    session,
    maps,
    *,
    mask=None,
    half_maps=None,
    method=METHODS[0],
    device=AUTO,
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
    unsure=None,
    figure=None,
    return_json=False,
):
    """Measure the local resolution of maps, color their surfaces with it and show a key.

    Parameters
    ----------
    maps : list of Volume
    mask : Volume on the grid of the map, or None for an automatic mask
    half_maps : list of the two half maps (only with a single map), or None
    method : name of the method
    device : where its network runs, "auto", "cpu" or "gpu"
    max_res, step : coarsest resolution that MonoRes or ResMap tries and distance between two, Å
    box_size, stride, cutoff : edge of the boxes of blocres, Å, voxels between two of them, and the
        correlation that counts as resolved
    false_discovery_rate : of ResMap, the fraction of resolved voxels that noise may make
    uncertainty : whether to open half the width of the 90% interval as a second volume
    compare : Volume that holds another local resolution of the map, whatever program made it, or
        name of a method; the surface then shows the difference
    atoms : Atoms that lie in the map: their residues get the mean over them as an attribute
        ``local_resolution``, and the log tells it by chain
    atoms_file : path of a CSV file with a row for each of those residues
    palette, range, key : how the surfaces are colored, see `scale.Scale.colormap`
    unsure : Å; the surface is gray where the 90% interval is wider
    figure : path of a PNG file for slices, histogram and key, and the view where there is one
    return_json : whether to return a JSONResult

    Returns
    -------
    Volume
        Hidden, on the grid of the map; a list of them where several maps were given. Scripts find
        the result as its ``local_resolution``, what it was compared with as its ``difference``.
    """
    maps = required(maps)
    _refuse(maps, method, uncertainty, compare, atoms, unsure, figure)
    if figure is not None and figure == atoms_file:
        raise UserError("figure and atomsFile are the same file; give two.")
    prepare(session, atoms, atoms_file)
    prepare_figure(figure)
    halves = half_map_densities(maps, half_maps)
    shared = {"mask": mask and density_of(mask), "half_maps": halves, "device": device}
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
    for map in maps:
        check_open(maps)
        density = density_of(map)
        result, agreed = _measure(session, map, density, compare, shared, options)
        log_table(session, local_rows(density, result, agreed))
        results.append(result)
        summaries.append(local_json(density, result, agreed))
    check_open(maps)
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
    if agreed is not None:
        volumes[0].difference = open_difference(maps[0], agreed)
        summaries[0]["difference"] = f"#{volumes[0].difference.id_string}"
    _paint(session, maps, volumes, palette, range, key, unsure)
    if figure is not None:
        usual = palette is None and range is None and unsure is None and agreed is None
        draw_figure(session, maps[0], results[0], figure, with_view=usual)
    return returned(volumes, summaries, return_json)


def _refuse(maps, method, uncertainty, compare, atoms, unsure, figure):
    """Refuse, before a long computation, what does not go together."""
    for name, value in (("compare", compare), ("atoms", atoms), ("figure", figure)):
        if value is not None and len(maps) != 1:
            raise UserError(f"{name} is for one map, got {len(maps)}; give one map at a time.")
    for name, value in (("uncertainty", uncertainty), ("unsure", unsure)):
        if value and method != UNCERTAIN:
            raise UserError(f"{name} is of the method {UNCERTAIN}; choose that, or leave it out.")
    if unsure and compare is not None:
        raise UserError(
            "unsure is of resolutions, compare shows differences; leave one of them out."
        )


def _measure(session, map, density, compare, shared, options):
    """Measure a map; return the result, and how it agrees with another where that is asked."""
    other = compare and _other(session, map, density, compare, shared)
    result = run_job(session, map, local_resolution, density, **options)
    if not other:
        return result, None
    *pair, doubts = other
    return result, run_job(session, map, agreement, result, *pair, warnings=doubts)


def _paint(session, maps, volumes, palette, range, key, unsure):
    """Color the surfaces, by how two results differ where they were compared."""
    scale = scale_of(volumes)
    colormap, title = scale.colormap(palette, range), scale.title
    if unsure is None:
        color_maps(session, maps, scale.sources, colormap)
    else:
        pairs = zip(maps, volumes, strict=True)
        sure = [_open_sure(session, map, volume.local_resolution, unsure) for map, volume in pairs]
        gray = gray_where_unsure(colormap, scale.values.max())
        color_maps(session, maps, sure, gray)
        title += f", gray: interval > {unsure:g} Å"
    if key:
        show_titled_key(session, colormap, title)
    else:
        hide_titled_key(session)


def _open_sure(session, map, result, unsure):
    """Open the volume that is gray where it is unsure, and tell the log how much that is."""
    volume = open_sure(map, result, unsure)
    fraction = np.mean(volume.full_matrix()[result.mask] == UNSURE)
    session.logger.info(
        f"{name_of(map)}: {fraction:.0%} of the voxels are gray, their 90% interval wider than "
        f"{unsure:g} Å."
    )
    return volume


def _other(session, map, density, compare, shared):
    """Return what a result is compared with, where it lies, and its warnings."""
    if isinstance(compare, str):
        name, options = METHOD_NAMES[compare], shared | {"method": compare}
        found = run_job(session, map, local_resolution, density, **options)
        return density.with_values(found.resolved, name), np.eye(3, 4), found.warnings
    with as_user_errors():
        return checked_resolution(density_of(compare)), indices_between(map, compare), ()
