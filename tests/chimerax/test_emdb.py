"""Published resolutions, from labels of files and from the EMDB."""

import io
import json
from http.client import IncompleteRead
from types import SimpleNamespace
from urllib.error import URLError

import pytest


@pytest.fixture
def emdb(session):
    from chimerax.map_resolution import emdb

    return emdb


def a_map(name, *labels):
    header = {"labels": [label.encode() + b"\0\0" for label in labels]}
    return SimpleNamespace(name=name, data=SimpleNamespace(file_header=header))


@pytest.mark.parametrize(
    ("label", "resolution"),
    [
        ("RESOLUTION: 4.2 A", 4.2),
        ("resolution: 3.2 A", 3.2),
        ("RESOLUTION 4.20", 4.2),
        ("RESOLUTION 4.", 4.0),
        ("final resolution of 3.15", 3.15),
        ("The final resolution of the map is 3.15 Angstroms", 3.15),
        ("FINAL RESOLUTION (FSC 0.143) = 3.8", None),
        ("Resolution=12", 12),
        ("Resolution:3.2Å", 3.2),
        ("resolution_limit = 2.9", 2.9),
        ("High-resolution limit 2.9, low-resolution limit 45", 2.9),
        ("LOW RESOLUTION LIMIT 45.0 HIGH RESOLUTION LIMIT 3.2", 3.2),
        ("molmap #1 resolution 5 gridSpacing 1", 5.0),
        ("Resolution: 120", None),
        ("resolution_factor 0.25", None),
        # Ranges.
        ("Resolution range: 45.0 3.2", 3.2),
        ("Resolution range: 45.0 - 3.2", 3.2),
        ("Resolution range:  20.0-3.4 A", 3.4),
        ("RESOLUTION RANGE (A) : 3.40 - 20.00", 3.4),
        ("Resolution limits 200.00 2.80", 2.8),
        ("Resolution limits: 45.0, 3.2", 3.2),
        ("from resolution 300 to 4.2", 4.2),
        ("Resolution: from 300A to 4.2A", 4.2),
        ("resolution between 30 and 6.5 Angstrom", 6.5),
        # A second number of something else.
        ("resolution 3.2 A, 1.07 A/pix", 3.2),
        ("Resolution 3,2 A", 3.2),
        ("Local resolution map, 2.9-6.5 A", None),
        ("super-resolution pixel 1.06", None),
        ("Spatial resolution 1.06 A/pix", None),
        ("resolution 1.35 A per pixel", None),
        ("resolution of 2 x 1.06 A", None),
        ("resolution extrapolated from 2.1 to 1.9", None),
        ("resolution 3.2 1.07 A/px", 3.2),
        ("RESOLUTION 4.2 2-Nov-2021 14:33:01", 4.2),
        ("RESOLUTION 4.2 11/2/2021", 4.2),
        ("RESOLUTION 4.2 3:33:01", 4.2),
        ("RESOLUTION: 4.2 FSC 0.143", 4.2),
        ("resolution 8 256 256 256", 8),
        ("Relion 4.0   27-Mar-21  12:13:14", None),
        ("EMAN 2/19/2020 12:13", None),
        ("phenix.resolve_cryo_em   Mon Nov  2 2021", None),
        ("::::EMDATABANK.org::::EMD-5778::::", None),
        ("", None),
    ],
)
def test_labels_state_a_resolution(emdb, label, resolution):
    assert emdb.stated(a_map("any", "Made by a program", label)) == resolution


@pytest.mark.parametrize(
    ("name", "label", "entry"),
    [
        ("emdb 1234", "", "EMD-1234"),
        ("emd_30342.map", "", "EMD-30342"),
        ("mine.mrc", "::::EMDATABANK.org::::EMD-5778::::", "EMD-5778"),
        ("mine.mrc", "", None),
        ("tried_12345.mrc", "", None),
    ],
)
def test_names_and_labels_have_the_entry(emdb, name, label, entry):
    assert emdb.entry(a_map(name, label)) == entry


def respond(monkeypatch, emdb, content):
    def urlopen(url, timeout):
        assert url == "https://www.ebi.ac.uk/emdb/api/entry/EMD-1234" and timeout
        if isinstance(content, Exception):
            raise content
        return io.BytesIO(json.dumps(content).encode())

    monkeypatch.setattr(emdb, "urlopen", urlopen)


def entry_with(final):
    processing = {"image_processing": [{"final_reconstruction": final}]}
    return {"structure_determination_list": {"structure_determination": [processing]}}


def test_the_resolution_is_fetched(emdb, monkeypatch):
    resolution = {"valueOf_": "3.4", "units": "\u212b", "type_": "BY AUTHOR"}
    respond(monkeypatch, emdb, entry_with({"resolution": resolution}))
    assert emdb.published("EMD-1234") == 3.4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (entry_with({"applied_symmetry": "C4"}), "lists no resolution"),
        (URLError("no network"), "no network"),
        (IncompleteRead(b""), "could not be fetched"),
        (TimeoutError("timed out"), "timed out"),
    ],
)
def test_what_the_emdb_lacks_is_one_sentence(emdb, monkeypatch, content, message):
    from chimerax.core.errors import UserError

    respond(monkeypatch, emdb, content)
    with pytest.raises(UserError, match=message):
        emdb.published("EMD-1234")
