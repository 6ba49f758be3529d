"""Colour a map's surface by its local resolution."""

from __future__ import annotations

import numpy as np
from chimerax.core.colors import BuiltinColormaps, Colormap, palette_name
from chimerax.surface import color_sample

from .mapres.figures import colour_range, difference_range
from .volumes import UNSURE

# The palette of `mapres.figures`, as ChimeraX calls it, and the one for differences.
DEFAULT_PALETTE, DIFFERENCES = "^rdylbu-5", "^rdbu-5"
GREY = (0.6, 0.6, 0.6, 1.0)


def colour_maps(session, maps, volumes, colormap):
    """Colour the surfaces of every map by a volume of its own, all on one scale.

    Parameters
    ----------
    maps, volumes : the maps and the volumes that they are coloured by, in the same order
    colormap : of `resolution_colormap` or `difference_colormap`
    """
    for map, volume in zip(maps, volumes, strict=True):
        surfaces = map_surfaces(map)
        if surfaces:
            color_sample(session, surfaces, map=volume, palette=colormap)
        else:
            session.logger.warning(_no_surface(map, volume, colormap))


def resolution_colormap(values, palette=None, range=None):
    """Put a palette on a range of resolutions.

    Parameters
    ----------
    values : list of arrays, Å
    palette : Colormap, or None for blue (fine) over yellow to red (coarse)
    range : (lowest, highest) Å, ``"full"``, or None for the bulk of the values

    Returns
    -------
    chimerax.core.colors.Colormap
    """
    return _colormap(np.concatenate(values), palette, range, DEFAULT_PALETTE, colour_range)


def difference_colormap(values, palette=None, range=None):
    """Put a palette on a range of differences: by default blue over white at 0 to red.

    Parameters
    ----------
    values : array, Å
    palette, range : as for `resolution_colormap`
    """
    return _colormap(values, palette, range, DIFFERENCES, difference_range)


def grey_where_unsure(colormap):
    """Return a colormap that is grey where a volume of `volumes.open_sure` says nothing."""
    last = 0.5 * UNSURE
    values, colours = (*colormap.data_values, last), (*colormap.colors, colormap.colors[-1])
    return Colormap(
        values,
        colours,
        color_above_value_range=GREY,
        color_below_value_range=colormap.color_below_value_range,
        color_no_value=GREY,
    )


def _colormap(values, palette, range, usual_palette, usual_range):
    if palette is None:
        palette = BuiltinColormaps[usual_palette.lstrip("^")].reversed()
    elif palette.values_specified and range is None:
        return palette
    if range is None or (range == "full" and values.min() == values.max()):
        # Also makes room around a single value.
        range = usual_range(values)
    elif range == "full":
        range = values.min(), values.max()
    low, high = range
    if palette.values_specified:
        return palette.rescale_range(low, high)
    return palette.linear_range(low, high)


def map_surfaces(map):
    """Return the contour surfaces of a map, computed now if it was never drawn."""
    map.update_drawings()
    return [surface for surface in map.surfaces if surface.vertices is not None]


def _no_surface(map, volume, colormap):
    low, high = colormap.value_range()
    palette = palette_name(colormap.colors) or DEFAULT_PALETTE
    return (
        f"{map.name} #{map.id_string} is not shown as a surface, so nothing was coloured; show it "
        f"with: volume #{map.id_string} style surface; color sample #{map.id_string} "
        f"map #{volume.id_string} palette {palette} range {low:.4g},{high:.4g}"
    )
