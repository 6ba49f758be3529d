"""MapRes: the resolution of a cryo-EM map, estimated from the map alone.

Importing this package is cheap: networks and their library load on first use.
"""

from importlib import import_module

__version__ = "0.3.0"

_PUBLIC = {
    "Density": "density",
    "read": "io",
    "write": "io",
    "fourier_shell_correlation": "fsc",
    "local_resolution": "local.resolution",
    "solvent_mask": "mask",
    "validate": "validation.validate",
}


def __getattr__(name: str):
    """Load a public name from its module on first access."""
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_PUBLIC[name]}", __name__), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_PUBLIC])
