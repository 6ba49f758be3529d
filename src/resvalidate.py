"""The command ``resvalidate``: maps in, a verdict on their resolution in the log."""

from __future__ import annotations

from .answers import log_table, returned
from .asking import ask
from .mapres.models import chosen
from .mapres.report import comparison_json, comparison_rows
from .volumes import check_open, density_of, half_map_densities, required


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
    maps = required(maps)
    options = {"claimed": claimed, "half_maps": half_map_densities(maps, half_maps)}
    results, summaries = [], []
    for map in maps:
        check_open([map])
        density = density_of(map)
        found = [
            ask(session, map, "validate", density, **options, model=name) for name in chosen(model)
        ]
        log_table(session, comparison_rows(found))
        results.append(found if len(found) > 1 else found[0])
        summaries.append(comparison_json(found))
    return returned(results, summaries, return_json)
