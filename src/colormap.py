"""The colors of results: of local resolutions, or of the difference between two."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from chimerax.core.colors import BuiltinColormaps
from chimerax.core.errors import UserError
from chimerax.map import Volume
from numpy.typing import NDArray

from .mapres.results.drawing import color_range, difference_range
from .mapres.results.local_report import method_name

# The palette of `mapres.results.drawing`, as ChimeraX calls it, and the one for differences.
RESOLUTIONS, DIFFERENCES = "^rdylbu-5", "^rdbu-5"


@dataclass(frozen=True, eq=False)
class Scale:
    """One color scale for the surfaces of some maps.

    Attributes
    ----------
    sources : the volumes that color them, in the same order
    values : array, Å, all that was measured
    palette : name of the usual palette, as ChimeraX calls it
    limits : Å, the usual ends of the palette
    title : what the colors mean, for the key
    """

    sources: list[Volume]
    values: NDArray
    palette: str
    limits: tuple[float, float]
    title: str

    def colormap(self, palette=None, range=None):
        """Put a palette on a range.

        Parameters
        ----------
        palette : Colormap, or None for the usual one
        range : (lowest, highest) Å, ``"full"``, or None for the usual limits

        Returns
        -------
        chimerax.core.colors.Colormap
        """
        check_range(range)
        if palette is None:
            palette = palette_called(self.palette)
        elif palette.values_specified and range is None:
            return palette
        low, high = self.values.min(), self.values.max()
        if range != "full":
            low, high = self.limits if range is None else range
        elif low == high:
            # Makes room around a single value.
            low, high = self.limits
        if palette.values_specified:
            return palette.rescale_range(low, high)
        return palette.linear_range(low, high)


def check_range(range):
    """Refuse a range of colors whose ends are the wrong way round, or the same."""
    if range is None or range == "full":
        return
    low, high = range
    # Written so that NaN fails.
    if not low < high:
        raise UserError(
            f"range {low:g},{high:g} does not rise; give the lower end first, and reverse the "
            "colors with a ^ before the name of a palette."
        )


def palette_called(name):
    """Return a palette by its name in ChimeraX's commands, where ``^`` reverses it."""
    palette = BuiltinColormaps[name.lstrip("^")]
    return palette.reversed() if name.startswith("^") else palette


def scale_of(volumes):
    """Return the `Scale` of the volumes of `localres`; of differences, if it compared."""
    results = [volume.local_resolution for volume in volumes]
    difference = volumes[0].difference
    if difference is None:
        values = np.concatenate([result.values[result.mask] for result in results])
        title = f"Local resolution (Å), {_method_and_network(results[0])}"
        return Scale(volumes, values, RESOLUTIONS, color_range(values), title)
    agreed = difference.agreement
    values = agreed.difference[agreed.compared]
    title = f"{method_name(results[0])} − {agreed.other} (Å)"
    return Scale([difference], values, DIFFERENCES, difference_range(values), title)


def _method_and_network(result):
    """Return the method and the bare name of its network: a window is not much wider."""
    network = (result.model or "").partition("@")[0]
    return f"{method_name(result)} {network}".strip()
