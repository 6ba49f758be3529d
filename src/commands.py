"""The commands ``resvalidate`` and ``localres`` as ChimeraX parses them."""

from __future__ import annotations

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
from chimerax.map import MapArg, MapsArg

from .localres import localres
from .mapres.local.methods import METHODS
from .mapres.networks.registry import ALL, available
from .mapres.networks.session import DEVICES
from .resvalidate import resvalidate

_RESVALIDATE = {
    "required": [("maps", MapsArg)],
    "keyword": [
        ("claimed", PositiveFloatArg),
        ("half_maps", MapsArg),
        ("model", Or(EnumOf((*available(), ALL)), StringArg)),
        ("device", EnumOf(DEVICES)),
    ],
}
_LOCALRES = {
    "required": [("maps", MapsArg)],
    "keyword": [
        ("mask", MapArg),
        ("half_maps", MapsArg),
        ("method", EnumOf(METHODS)),
        ("device", EnumOf(DEVICES)),
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
        ("unsure", PositiveFloatArg),
        ("figure", SaveFileNameArg),
    ],
}
_COMMANDS = {"resvalidate": (resvalidate, _RESVALIDATE), "localres": (localres, _LOCALRES)}


def register_command(name, synopsis, logger):
    """Register one of the commands with ChimeraX."""
    function, arguments = _COMMANDS[name]
    register(name, CmdDesc(**arguments, synopsis=synopsis), function, logger=logger)
