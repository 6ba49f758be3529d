"""The text of a command, from the options that are chosen."""

import inspect

from chimerax.core.commands.cli import quote_if_necessary, user_kw
from chimerax.core.models import Model


def command_text(name, function, maps, options):
    """Write a command; of the options only those that differ from the function's defaults.

    Parameters
    ----------
    name : of the command
    function : that it calls
    maps : list of models
    options : values by the names of the function's parameters
    """
    defaults = inspect.signature(function).parameters
    words = [name, _text(maps)]
    for option, value in options.items():
        if value != defaults[option].default:
            words += [user_kw(option), _text(value)]
    return " ".join(words)


def _text(value):
    if isinstance(value, Model):
        value = [value]
    if isinstance(value, list):
        return f"#{','.join(model.id_string for model in value)}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return f"{value:.6g}"
    return quote_if_necessary(value)
