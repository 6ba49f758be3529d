"""Results as volumes in ChimeraX: hidden, on the grid of their map, and known to sessions."""

from __future__ import annotations

import numpy as np
from chimerax.core.models import Model
from chimerax.map import Volume
from chimerax.map.session import set_map_state
from chimerax.map.volume import set_initial_volume_color
from chimerax.map_data import ArrayGridData

from .mapres.local.method import Interval
from .mapres.local.resolution import LocalResolution
from .mapres.results.compare import Agreement
from .mapres.results.local_report import method_name

# Å, in place of values that are too uncertain to be colored.
MASKED = 1e5


class ResultVolume(Volume):
    """A result as a volume: it is no map to measure, also after a session was restored.

    Attributes
    ----------
    local_resolution : the `LocalResolution` that it shows, or None
    agreement : the `Agreement` whose difference it shows, or None
    difference : the `ResultVolume` of that, if this result was compared with another, or None
    """

    local_resolution = agreement = difference = None

    def take_snapshot(self, session, flags):
        """Return what a session keeps: the volume and its result."""
        compared = self.difference is not None and not self.difference.deleted
        return super().take_snapshot(session, flags) | {
            "local resolution": _fields(self.local_resolution, "values"),
            "agreement": _fields(self.agreement, "difference"),
            "difference": self.difference if compared else None,
        }

    @staticmethod
    def restore_snapshot(session, data):
        """Restore it as `Volume` does; None if the file that it was saved to is missing."""
        grid = data["grid data state"].grid_data
        if grid is None:
            return None
        volume = ResultVolume(session, grid)
        Model.set_state_from_snapshot(volume, session, data["model state"])
        volume._style_when_shown = None
        set_map_state(data["volume state"], volume)
        volume._drawings_need_update()
        values = volume.full_matrix()
        found, agreed = data["local resolution"], data["agreement"]
        volume.local_resolution = _restored(LocalResolution, found, values=values)
        volume.agreement = _restored(Agreement, agreed, difference=values)
        volume.difference = data["difference"]
        return volume


def is_result(volume):
    """Return whether a volume is a result of ours, not a map."""
    return isinstance(volume, ResultVolume)


def open_result(map, result):
    """Open a `LocalResolution` as a hidden volume that lies on the map, wherever that was moved."""
    name = f"local resolution by {method_name(result)}"
    return _open_on(map, result.values, name, local_resolution=result)


def open_uncertainty(map, result):
    """Open the uncertainty of a `LocalResolution` likewise."""
    return _open_on(map, result.uncertainty, "uncertainty of local resolution")


def open_masked(map, result, width):
    """Open a `LocalResolution` likewise, `MASKED` where its interval is wider than ``width`` Å."""
    values = np.where(2 * result.uncertainty > width, np.float32(MASKED), result.values)
    return _open_on(map, values, f"local resolution, 90% interval up to {width:g} Å")


def open_difference(map, agreed):
    """Open the difference of an `Agreement` likewise."""
    name = f"local resolution, difference from {agreed.other}"
    return _open_on(map, agreed.difference, name, agreement=agreed)


def _open_on(map, values, name, **found):
    """Open a `ResultVolume` with attributes."""
    grid = map.data
    data = ArrayGridData(
        values,
        grid.origin,
        grid.step,
        grid.cell_angles,
        grid.rotation,
        grid.symmetries,
        name=f"{map.name} {name}",
    )
    volume = ResultVolume(map.session, data)
    set_initial_volume_color(volume, map.session)
    volume.display = False
    for attribute, value in found.items():
        setattr(volume, attribute, value)
    volume.position = map.scene_position
    map.session.models.add([volume])
    return volume


def _fields(result, held):
    """Return the fields of a result, without the one that the volume itself holds.

    Sessions keep plain types only.
    """
    if result is None:
        return None
    fields = {name: value for name, value in vars(result).items() if name != held}
    if isinstance(part := fields.get("interval_in_box"), Interval):
        ends = [(axis.start, axis.stop) for axis in part.box]
        fields["interval_in_box"] = vars(part) | {"box": ends}
    return fields


def _restored(kind, fields, **held):
    """Return a result from its fields; None if the session's MapRes had others."""
    if fields is None:
        return None
    try:
        if part := fields.get("interval_in_box"):
            box = tuple(slice(*ends) for ends in part["box"])
            fields = fields | {"interval_in_box": Interval(**part | {"box": box})}
        return kind(**fields, **held)
    except (TypeError, KeyError):
        return None
