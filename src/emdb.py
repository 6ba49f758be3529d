"""What is already said of a map's resolution: in its file, and in the EMDB when that is asked."""

import json
import re
from http.client import HTTPException
from urllib.request import urlopen

from chimerax.core.errors import UserError

EMDB = "https://www.ebi.ac.uk/emdb/api/entry/{}"
SECONDS = 20
# "Resolution: 3.2", "resolution of 3.2 A", in a label of the file.
_STATED = re.compile(r"resolution\D{0,12}?(\d+(?:\.\d+)?)", re.IGNORECASE)
# Å, of which "from 300 to 4.2" is not the first.
CREDIBLE = (1.0, 60.0)
# "emdb 1234" is what ChimeraX calls an entry that it fetched, emd_1234.map what the EMDB does.
_ENTRY = re.compile(r"\bemd(?:b|-|_)*\s*(\d{4,5})\b", re.IGNORECASE)


def stated(map):
    """Return the resolution in Å that the labels of a map's file state, or None."""
    for label in _labels(map):
        found = _STATED.search(label)
        low, high = CREDIBLE
        if found and low <= float(found.group(1)) <= high:
            return float(found.group(1))
    return None


def entry(map):
    """Return the EMDB entry that a map is of, by its name or labels, such as EMD-1234; or None."""
    for text in (map.name, *_labels(map)):
        if found := _ENTRY.search(text):
            return f"EMD-{found.group(1)}"
    return None


def published(entry):
    """Ask the EMDB for the resolution of an entry, Å.

    Raises
    ------
    UserError
        If it cannot be reached, or states none.
    """
    try:
        with urlopen(EMDB.format(entry), timeout=SECONDS) as answer:
            said = json.load(answer)
    except (OSError, HTTPException, ValueError) as error:
        raise UserError(f"the EMDB did not tell the resolution of {entry} ({error}).") from error
    for final in _under(said, "final_reconstruction"):
        for resolution in _under(final, "resolution"):
            value = resolution.get("valueOf_") if isinstance(resolution, dict) else resolution
            try:
                return float(value)
            except (TypeError, ValueError):
                continue
    raise UserError(f"the EMDB states no resolution of {entry}; type the claimed one.")


def _labels(map):
    header = getattr(map.data, "file_header", {})
    for label in header.get("labels", ()):
        text = label.decode("latin-1") if isinstance(label, bytes) else str(label)
        yield text.replace("\0", " ").strip()


def _under(said, key):
    """Yield every value of a key, however deep it is: entries of several methods differ."""
    if isinstance(said, dict):
        if key in said:
            yield said[key]
        for value in said.values():
            yield from _under(value, key)
    elif isinstance(said, list):
        for value in said:
            yield from _under(value, key)
