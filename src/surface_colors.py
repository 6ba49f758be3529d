"""Color the surfaces of maps by their local resolution."""

from __future__ import annotations

import numpy as np
from chimerax.core.colors import Colormap, palette_name
from chimerax.surface import color_sample

from .color_key import hide_titled_key, show_titled_key
from .colormap import RESOLUTIONS, scale_of
from .result_volumes import MASKED, open_masked
from .volumes import name_of

GRAY = (0.6, 0.6, 0.6, 1.0)


def paint(session, maps, volumes, palette=None, range=None, key=True, max_uncertainty=None):
    """Color surfaces by the results of their maps, or by how two results differ; show a key.

    Parameters
    ----------
    maps : list of Volume
    volumes : list of their `ResultVolume`
    palette, range : see `colormap.Scale.colormap`
    key : whether to show the color key
    max_uncertainty : Å; gray where the 90% interval is wider
    """
    scale = scale_of(volumes)
    colormap, title = scale.colormap(palette, range), scale.title
    if max_uncertainty is None:
        color_maps(session, maps, scale.sources, colormap)
    else:
        pairs = zip(maps, volumes, strict=True)
        masked = [_open_masked(session, map, volume, max_uncertainty) for map, volume in pairs]
        color_maps(session, maps, masked, gray_where_masked(colormap, scale.values.max()))
        title += f", gray: interval > {max_uncertainty:g} Å"
    if key:
        show_titled_key(session, colormap, title)
    else:
        hide_titled_key(session)


def color_maps(session, maps, volumes, colormap):
    """Color the surfaces of every map by a volume of its own, all on one scale.

    Parameters
    ----------
    maps, volumes : the maps and the volumes that they are colored by, in the same order
    colormap : of `Scale.colormap`, or that of `gray_where_masked`
    """
    for map, volume in zip(maps, volumes, strict=True):
        surfaces = map_surfaces(map)
        if surfaces:
            color_sample(session, surfaces, map=volume, palette=colormap)
        # Behind an image, or below a contour level that is too high, there is nothing to see.
        seen = any(surface.display and len(surface.vertices) for surface in surfaces)
        if map.display and not seen:
            session.logger.warning(_no_surface(map, volume, colormap))


def tint(map, volume, colormap):
    """Color the surfaces of a map for now: nothing is logged, and nothing there to undo."""
    for surface in map_surfaces(map):
        follow = surface.auto_recolor_vertices
        values, outside = volume.interpolated_values(
            surface.vertices, surface.scene_position, out_of_bounds_list=True
        )
        colors = colormap.interpolated_rgba(values)
        colors[outside] = colormap.color_no_value
        surface.vertex_colors = (255 * colors).astype(np.uint8)
        surface.auto_recolor_vertices = follow


def gray_where_masked(colormap, coarsest):
    """Return a colormap that is gray where a volume of `result_volumes.open_masked` is masked.

    A surface interpolates between there and its surroundings: what is coarser than ``coarsest``,
    Å, the coarsest measured value, is gray, too.
    """
    last = max(float(coarsest), 1.001 * colormap.value_range()[1])
    values, colors = (*colormap.data_values, last), (*colormap.colors, colormap.colors[-1])
    return Colormap(
        values,
        colors,
        color_above_value_range=GRAY,
        color_below_value_range=colormap.color_below_value_range,
        color_no_value=GRAY,
    )


def map_surfaces(map):
    """Return the contour surfaces of a map, computed now if it was never drawn."""
    map.update_drawings()
    return [surface for surface in map.surfaces if surface.vertices is not None]


def _open_masked(session, map, volume, max_uncertainty):
    """Open the volume that makes uncertain voxels gray, and log how many they are."""
    result = volume.local_resolution
    masked = open_masked(map, result, max_uncertainty)
    fraction = np.mean(masked.full_matrix()[result.mask] == MASKED)
    session.logger.info(
        f"{name_of(map)}: {fraction:.0%} of the voxels have a 90% interval wider than "
        f"{max_uncertainty:g} Å and are colored gray."
    )
    return masked


def _no_surface(map, volume, colormap):
    low, high = colormap.value_range()
    palette = palette_name(colormap.colors) or RESOLUTIONS
    return (
        f"{map.name} #{map.id_string} is not shown as a surface, so nothing was colored; show it "
        f"with: volume #{map.id_string} style surface; color sample #{map.id_string} "
        f"map #{volume.id_string} palette {palette} range {low:.4g},{high:.4g}"
    )
