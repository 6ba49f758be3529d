"""Published resolutions of maps: in the labels of their files, and in the EMDB."""

import json
import re
from http.client import HTTPException
from urllib.request import urlopen

from chimerax.core.errors import UserError

EMDB = "https://www.ebi.ac.uk/emdb/api/entry/{}"
SECONDS = 20
_NUMBER = r"(?<![\w.,])(\d+(?:[.,]\d*)?)"
_UNIT = r"(?:\s*(?:[ÅA]|ang\w*)\b)?"
_TO = r"(?:\s*(?:[-–,;:>]+|to\b|and\b)\s*|\s+)"
# Of "3.2 1.07 A/pix" or "3.2 12-Nov-2021" the second number ends no range.
_RANGE_END = rf"(?:{_TO}{_NUMBER}(?![\d/-]|[.:]\d|\s*[ÅA]?\s*/))?"
# "Resolution: 3.2", "resolution of 3.2 A", "RESOLUTION RANGE 45.0 - 3.2" in a label.
_RESOLUTION = re.compile(rf"(?<!low.)resolution\D{{0,20}}?{_NUMBER}{_UNIT}{_RANGE_END}", re.I)
# No claims: local or super-resolution, extrapolated, of a pixel.
_OTHER = re.compile(
    r"super.?resolution|local resolution|spatial resolution|extrapolat|\d\s*[x×]\s*\d"
    r"|resolution\D{0,20}[\d.,]+\s*[ÅA]?\s*(?:per|/)\s*pi?x",
    re.I,
)
# Å; other numbers are no resolutions of maps.
PLAUSIBLE = (1.0, 60.0)
# "emdb 1234" is what ChimeraX calls an entry that it fetched, emd_1234.map what the EMDB does.
_ENTRY = re.compile(r"\bemd(?:b|-|_)*\s*(\d{4,5})\b", re.IGNORECASE)


def stated(map):
    """Return the resolution in Å that the labels of a map's file state, or None.

    Of a range of resolutions that is the finest.
    """
    low, high = PLAUSIBLE
    for label in _labels(map):
        if _OTHER.search(label):
            continue
        if found := _RESOLUTION.search(label):
            numbers = [float(number.replace(",", ".")) for number in found.groups() if number]
            if plausible := [number for number in numbers if low <= number <= high]:
                return min(plausible)
    return None


def entry(map):
    """Return the EMDB entry that a map is of, by its name or labels, such as EMD-1234; or None."""
    for text in (map.name, *_labels(map)):
        if found := _ENTRY.search(text):
            return f"EMD-{found.group(1)}"
    return None


def published(entry):
    """Fetch the resolution of an entry from the EMDB, Å.

    Raises
    ------
    UserError
        If it cannot be reached, or lists none.
    """
    try:
        with urlopen(EMDB.format(entry), timeout=SECONDS) as response:
            content = json.load(response)
    except (OSError, HTTPException, ValueError) as error:
        raise UserError(f"the resolution of {entry} could not be fetched ({error}).") from error
    for final in _under(content, "final_reconstruction"):
        for resolution in _under(final, "resolution"):
            value = resolution.get("valueOf_") if isinstance(resolution, dict) else resolution
            try:
                return float(value)
            except (TypeError, ValueError):
                continue
    raise UserError(f"the EMDB lists no resolution for {entry}; enter the claimed one.")


def _labels(map):
    header = getattr(map.data, "file_header", {})
    for label in header.get("labels", ()):
        text = label.decode("latin-1") if isinstance(label, bytes) else str(label)
        yield text.replace("\0", " ").strip()


def _under(content, key):
    """Yield every value of a key, however deep it is: entries of several methods differ."""
    if isinstance(content, dict):
        if key in content:
            yield content[key]
        for value in content.values():
            yield from _under(value, key)
    elif isinstance(content, list):
        for value in content:
            yield from _under(value, key)
