"""What is already said of a map's resolution."""

import io
import json
from http.client import IncompleteRead
from types import SimpleNamespace
from urllib.error import URLError

import pytest


@pytest.fixture
def claims(session):
    from chimerax.map_resolution import emdb as claims

    return claims


def a_map(name, *labels):
    header = {"labels": [label.encode() + b"\0\0" for label in labels]}
    return SimpleNamespace(name=name, data=SimpleNamespace(file_header=header))


@pytest.mark.parametrize(
    ("label", "resolution"),
    [
        ("RESOLUTION: 4.2 A", 4.2),
        ("final resolution of 3.15", 3.15),
        ("Resolution=12", 12),
        ("Resolution: 120", None),
        ("from resolution 300 to 4.2", None),
        ("Relion 4.0", None),
        ("", None),
    ],
)
def test_labels_state_a_resolution(claims, label, resolution):
    assert claims.stated(a_map("any", "Made by a program", label)) == resolution


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
def test_names_and_labels_tell_the_entry(claims, name, label, entry):
    assert claims.entry(a_map(name, label)) == entry


def answer(monkeypatch, claims, said):
    def urlopen(url, timeout):
        assert url == "https://www.ebi.ac.uk/emdb/api/entry/EMD-1234" and timeout
        if isinstance(said, Exception):
            raise said
        return io.BytesIO(json.dumps(said).encode())

    monkeypatch.setattr(claims, "urlopen", urlopen)


def entry_with(final):
    processing = {"image_processing": [{"final_reconstruction": final}]}
    return {"structure_determination_list": {"structure_determination": [processing]}}


def test_the_emdb_tells_the_resolution(claims, monkeypatch):
    said = entry_with({"resolution": {"valueOf_": "3.4", "units": "\u212b", "type_": "BY AUTHOR"}})
    answer(monkeypatch, claims, said)
    assert claims.published("EMD-1234") == 3.4


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (entry_with({"applied_symmetry": "C4"}), "states no resolution"),
        (URLError("no network"), "no network"),
        (IncompleteRead(b""), "did not tell"),
        (TimeoutError("timed out"), "timed out"),
    ],
)
def test_what_the_emdb_does_not_tell_is_one_sentence(claims, monkeypatch, said, told):
    from chimerax.core.errors import UserError

    answer(monkeypatch, claims, said)
    with pytest.raises(UserError, match=told):
        claims.published("EMD-1234")
