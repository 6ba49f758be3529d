"""How calls and results cross between two processes: as JSON, with every array in an .npy file."""

from __future__ import annotations

import uuid
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .agreement import Agreement
from .density import Density
from .local import LocalResolution
from .validation import Validation

# Exit status of a child that nobody has asked for a while: neither 0 nor 1, so that a library which
# calls exit() is not taken for it.
IDLE_EXIT = 75
_TYPES = {kind.__name__: kind for kind in (Agreement, Density, LocalResolution, Validation)}
# A file's header is only needed where the file is written, and that is never the other side.
_LEFT_BEHIND = {"header"}


def pack(value: Any, folder: Path) -> Any:
    """Turn arguments or results into what `json.dumps` takes, saving arrays in ``folder``.

    Knows numbers, strings, None, lists, tuples, dictionaries, arrays and the core's dataclasses.
    """
    if isinstance(value, np.ndarray):
        name = f"{uuid.uuid4().hex}.npy"
        np.save(folder / name, value, allow_pickle=False)
        return {"array": name}
    if isinstance(value, np.generic):
        return value.item()
    if is_dataclass(value):
        kept = [f.name for f in fields(value) if f.name not in _LEFT_BEHIND]
        content = {name: pack(getattr(value, name), folder) for name in kept}
        return {"type": type(value).__name__, "fields": content}
    if isinstance(value, dict):
        return {"dict": {key: pack(item, folder) for key, item in value.items()}}
    if isinstance(value, tuple):
        return {"tuple": [pack(item, folder) for item in value]}
    if isinstance(value, list):
        return [pack(item, folder) for item in value]
    return value


def unpack(packed: Any, folder: Path, *, mapped: bool = False) -> Any:
    """Undo `pack`; with ``mapped``, arrays stay on disk and are read as they are used."""
    if isinstance(packed, list):
        return [unpack(item, folder, mapped=mapped) for item in packed]
    if not isinstance(packed, dict):
        return packed
    ((kind, content), *more) = packed.items()
    if kind == "array":
        return np.asarray(np.load(folder / content, mmap_mode="r" if mapped else None))
    if kind == "tuple":
        return tuple(unpack(item, folder, mapped=mapped) for item in content)
    if kind == "type":
        content, kind = more[0][1], _TYPES[content]
    else:
        kind = dict
    return kind(**{key: unpack(item, folder, mapped=mapped) for key, item in content.items()})
