"""The header of an MRC file, in the byte order in which it makes sense."""

from __future__ import annotations

import numpy as np
from mrcfile.dtypes import HEADER_DTYPE

from ..errors import MapFileError

MODES = {0: "int8", 1: "int16", 2: "float32", 6: "uint16", 12: "float16"}
# 2048³ float32 is 34 GB: edges beyond this mean a damaged header.
MAX_EDGE = 4096
MAX_MODE, MAX_EXTENDED_HEADER = 200, 2**26
VOLUME_STACKS = range(401, 631)


def header_of(start: bytes, name: str) -> np.recarray:
    """Return the header of a file, before memory is allocated that a damaged one demands.

    A wrong machine stamp is common. Sizes make sense in one byte order only: below 4097 voxels
    they are above 65,535 in the other.

    Parameters
    ----------
    start : the first 1024 bytes of the file
    name : of the file, for errors

    Raises
    ------
    MapFileError
        If they are no header, of data that cannot be read, or of a stack of images.
    """
    if len(start) < HEADER_DTYPE.itemsize:
        raise MapFileError(f"{name} is not an MRC map (shorter than a header).")
    both = (np.frombuffer(start, HEADER_DTYPE.newbyteorder(order)) for order in "<>")
    header = next((each for each in both if _is_plausible(each[0])), None)
    if header is None:
        raise MapFileError(f"{name} is not an MRC map (its header makes no sense).")
    found = header.reshape(()).copy().view(np.recarray)
    mode = int(found.mode)
    if mode not in MODES:
        kind = {3: "complex", 4: "complex", 16: "RGB"}.get(mode, "unsupported")
        known = ", ".join(f"{m} ({t})" for m, t in MODES.items())
        raise MapFileError(f"{name} has {kind} data (mode {mode}); supported modes are {known}.")
    _check_volume(found, name)
    return found


def _is_plausible(header: np.void) -> bool:
    return bool(
        all(0 < header[name] <= MAX_EDGE for name in ("nx", "ny", "nz"))
        and 0 <= header["mode"] <= MAX_MODE
        and 0 <= header["nsymbt"] <= MAX_EXTENDED_HEADER
        and (header["ispg"] not in VOLUME_STACKS or header["mz"] > 0)
    )


def _check_volume(header: np.recarray, name: str) -> None:
    """Refuse what the standard (MRC2014) has for images: space group 0 and one section each."""
    sections = int(header.nz)
    if int(header.ispg) != 0 or int(header.mz) != 1:
        return
    if sections == 1:
        raise MapFileError(f"{name} holds a single image; give a single 3-D map.")
    raise MapFileError(
        f"{name} is a stack of {sections} images (space group 0 and MZ 1); give a single 3-D map, "
        f"or, if it is one, set MZ to {sections} in its header."
    )
