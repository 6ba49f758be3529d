"""Model cards: JSON files next to the weights, with every type checked."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from ..errors import ModelError
from .domain import Domain, domain_of
from .kinds import KINDS, OUTPUTS, Kind

LARGEST_CARD = 1_000_000
NEEDED = ("kind", "weights", "sha256", "inputs", "outputs", "preprocessing")
# Keys of a card and their JSON types; other keys are free.
TYPES: dict[tuple[type, ...], str] = {
    (str,): "name kind weights sha256 predicts source licence made overall_model_sha256",
    (list,): "inputs outputs",
    (dict,): "preprocessing calibration domain training scores versions onnx",
    (dict, list): "classes",
    (int,): "parameters parameters_exact width",
    (bool,): "half_maps",
}
# Ranges in which a calibration keeps distributions finite.
CALIBRATION = {
    "sharpness": (0.01, 100.0),
    "growth": (-10.0, 10.0),
    "contrast": (0.0, 10.0),
    "floor": (0.0, 0.5),
}


@dataclass(frozen=True)
class Calibration:
    """Calibration of the distributions of patches or cells, fitted on the validation split.

    Attributes
    ----------
    sharpness : power to which the patches' geometric mean is raised, for one patch
    growth : exponent with which that power grows with the number of patches
    contrast : exponent with which it falls with the width of that mean
    floor : fraction of a uniform distribution that is mixed in
    """

    sharpness: float
    growth: float
    contrast: float
    floor: float


@dataclass(frozen=True, eq=False)
class Card:
    """The card of a model.

    Attributes
    ----------
    name : of the card's file
    kind : see `kinds.KINDS`
    weights : path of the weights, next to the card
    sha256 : of the weights
    calibration : None of kinds that have none
    domain : of the maps that it was trained on; None if the card has none
    entries : all entries of the JSON file
    """

    name: str
    kind: str
    weights: Path
    sha256: str
    calibration: Calibration | None
    domain: Domain | None
    entries: dict[str, Any]


def read_card(path: Path) -> Card:
    """Read and check a card.

    Raises
    ------
    ModelError
        If it is too large, not JSON, has missing or invalid entries, or was made for a
        preprocessing other than this version's.
    """
    try:
        if not path.is_file():
            raise ValueError("it is not a file")
        with open(path, "rb") as stream:
            content = stream.read(LARGEST_CARD + 1)
        if len(content) > LARGEST_CARD:
            raise ValueError("it is larger than 1 MB")
        entries = json.loads(content.decode("utf-8-sig"))
        kind = _checked(entries)
        calibration = Calibration(**entries["calibration"]) if kind.needs else None
        domain = domain_of(entries["domain"]) if "domain" in entries else None
    except (ValueError, OSError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"the model card {path.name} cannot be read ({reason}).") from error
    if entries["preprocessing"] != kind.preprocessing:
        raise ModelError(
            f"the model {path.stem} was made for another preprocessing; "
            "use the version of MapRes that it came with."
        )
    weights = path.parent / entries["weights"]
    return Card(
        path.stem, entries["kind"], weights, entries["sha256"], calibration, domain, entries
    )


def _checked(entries: Any) -> Kind:
    """Return the kind of a model whose card is valid."""
    if not isinstance(entries, dict):
        raise ValueError("it is not a JSON object")
    for types, keys in TYPES.items():
        for key in keys.split():
            # True is an int for isinstance.
            if key in entries and type(entries[key]) not in types:
                raise ValueError(f"{key} is {entries[key]!r:.40}, which is of the wrong type")
    _require(entries, NEEDED)
    kind = KINDS.get(entries["kind"])
    if kind is None:
        raise ValueError(f"the kind {entries['kind']!r:.40} is not one of {', '.join(KINDS)}")
    _require(entries, kind.needs)
    if not re.fullmatch("[0-9a-f]{64}", entries["sha256"]):
        raise ValueError("sha256 is not a SHA-256 hash")
    # Windows paths cover the separators of all systems.
    name = entries["weights"]
    if PureWindowsPath(name).name != name or name in ("", ".", ".."):
        raise ValueError(f"the weights {name!r:.60} are not a file next to the card")
    if entries["inputs"] != list(kind.inputs) or entries["outputs"] != OUTPUTS:
        raise ValueError(f"inputs and outputs must be {', '.join(kind.inputs)}; {OUTPUTS[0]}")
    if kind.needs:
        _check_calibration(entries["calibration"])
    return kind


def _require(entries: dict[str, Any], keys: tuple[str, ...]) -> None:
    if missing := [key for key in keys if key not in entries]:
        raise ValueError(f"it lacks {', '.join(missing)}")


def _check_calibration(calibration: dict[str, Any]) -> None:
    if set(calibration) != set(CALIBRATION):
        raise ValueError(f"the calibration must have {', '.join(CALIBRATION)}")
    for name, (low, high) in CALIBRATION.items():
        value = calibration[name]
        # Written so that NaN fails.
        if type(value) not in (int, float) or not low <= value <= high:
            raise ValueError(f"{name} is {value!r:.40}, not a number from {low:g} to {high:g}")
