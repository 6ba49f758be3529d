"""The table of methods, which the command line, ChimeraX and the panel are made from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from ..errors import MapResError
from ..networks.registry import card_path
from . import network, unet
from .classical import blocres, monores, resmap
from .method import Method, Option

_ALL = (network.METHOD, monores.METHOD, blocres.METHOD, resmap.METHOD, *unet.METHODS)
# By name; the first is the default. Methods without an installed network are left out.
METHODS: dict[str, Method] = {
    method.name: method
    for method in _ALL
    if all(card_path(model).is_file() for model in method.models)
}
DEFAULT = next(iter(METHODS))


def options_of_all() -> dict[str, Option]:
    """Return every option once, by its name; its help says which methods have it."""
    found: dict[str, Option] = {}
    for method in METHODS.values():
        for option in method.options:
            default = f"{method.name}: {option.default_in_words}"
            before = found.get(option.name)
            text = f"{option.help} ({default})"
            if before is not None:
                text = f"{before.help.removesuffix(')')}; {default})"
            found[option.name] = replace(option, help=text)
    return found


OPTIONS = options_of_all()


def complete_options(method: str, options: Mapping[str, float | None]) -> dict[str, float | None]:
    """Return all options of a method, those not given (or None) at their defaults.

    Raises
    ------
    MapResError
        If there is no such method, or it has no such option.
    """
    if method not in METHODS:
        raise MapResError(f"method {method!r} is not one of {', '.join(METHODS)}; choose another.")
    defaults = {option.name: option.default for option in METHODS[method].options}
    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        if name not in defaults:
            others = " or ".join(m.name for m in METHODS.values() if name in _names(m))
            raise MapResError(
                f"{name} requires method {others}; choose that, or leave {name} out."
                if others
                else f"{method} has no option {name}; leave it out."
            )
    return defaults | given


def require_interval(method: str, option: str) -> None:
    """Raise `MapResError` if a method does not give the interval that an option needs."""
    suitable = [m.name for m in METHODS.values() if m.has_interval]
    if method not in suitable:
        raise MapResError(
            f"{option} requires method {' or '.join(suitable)}; choose that, or leave {option} out."
        )


def spell_options(text: str, spelling: Callable[[str], str]) -> str:
    """Spell option names in a sentence as an interface does, such as ``maxRes`` for ``max_res``."""
    names = "|".join(("voxel_size", *(name for name in OPTIONS if "_" in name)))
    return re.sub(rf"\b({names})\b", lambda match: spelling(match.group()), text)


def _names(method: Method) -> list[str]:
    return [option.name for option in method.options]
