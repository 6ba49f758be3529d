"""The card of a model, a JSON file beside its weights: read, and every type in it checked."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from typing import Any

from ..errors import ModelError
from .kinds import KINDS, OUTPUTS, Kind

LARGEST_CARD = 1_000_000
NEEDED = ("kind", "weights", "sha256", "inputs", "outputs", "preprocessing")
# What a card may say, as which of JSON's types; other keys are the author's own.
TYPES: dict[tuple[type, ...], str] = {
    (str,): "name kind weights sha256 predicts source licence made overall_model_sha256",
    (list,): "inputs outputs",
    (dict,): "preprocessing calibration training scores versions onnx",
    (dict, list): "classes",
    (int,): "parameters parameters_exact width",
    (bool,): "half_maps",
}
# Within these a calibration keeps finite what it is applied to.
CALIBRATION = {"sharpness": (0.01, 100.0), "growth": (-10.0, 10.0), "floor": (0.0, 0.5)}


@dataclass(frozen=True)
class Calibration:
    """How patches of a map become one distribution, or every cell's its own; fitted on validation.

    Attributes
    ----------
    sharpness : power to which the patches' geometric mean is raised, for one patch
    growth : exponent with which that power grows with the number of patches
    floor : fraction of an even distribution that is mixed in
    """

    sharpness: float
    growth: float
    floor: float


@dataclass(frozen=True, eq=False)
class Card:
    """What a card says of a model.

    Attributes
    ----------
    name : of the card's file
    kind : see `kinds.KINDS`
    weights : path of the weights, beside the card
    sha256 : of the weights
    calibration : None of kinds that have none
    said : all that it says
    """

    name: str
    kind: str
    weights: Path
    sha256: str
    calibration: Calibration | None
    said: dict[str, Any]


def read_card(path: Path) -> Card:
    """Read and check a card.

    Raises
    ------
    ModelError
        If it is too large, no JSON, says what it must not or leaves out what it must say, or was
        made for another preprocessing than this version's.
    """
    try:
        if not path.is_file():
            raise ValueError("it is no file")
        with open(path, "rb") as stream:
            content = stream.read(LARGEST_CARD + 1)
        if len(content) > LARGEST_CARD:
            raise ValueError("it is larger than 1 MB")
        said = json.loads(content.decode("utf-8-sig"))
        kind = _checked(said)
        calibration = Calibration(**said["calibration"]) if kind.needs else None
    except (ValueError, OSError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise ModelError(f"the model card {path.name} cannot be read ({reason}).") from error
    if said["preprocessing"] != kind.preprocessing:
        raise ModelError(
            f"the model {path.stem} was made for another preprocessing; "
            "use the version of MapRes that it came with."
        )
    weights = path.parent / said["weights"]
    return Card(path.stem, said["kind"], weights, said["sha256"], calibration, said)


def _checked(said: Any) -> Kind:
    """Return the kind of a model whose card says nothing wrong."""
    if not isinstance(said, dict):
        raise ValueError("it is no JSON object")
    for types, keys in TYPES.items():
        for key in keys.split():
            # True is an int for isinstance.
            if key in said and type(said[key]) not in types:
                raise ValueError(f"{key} is {said[key]!r:.40}, which is of the wrong type")
    _require(said, NEEDED)
    kind = KINDS.get(said["kind"])
    if kind is None:
        raise ValueError(f"the kind {said['kind']!r:.40} is not one of {', '.join(KINDS)}")
    _require(said, kind.needs)
    if not re.fullmatch("[0-9a-f]{64}", said["sha256"]):
        raise ValueError("sha256 is no SHA-256")
    # Of any system: what is a folder on one of them is none on another.
    name = said["weights"]
    if PureWindowsPath(name).name != name or name in ("", ".", ".."):
        raise ValueError(f"the weights {name!r:.60} are not a file beside the card")
    if said["inputs"] != list(kind.inputs) or said["outputs"] != OUTPUTS:
        raise ValueError(f"inputs and outputs must be {', '.join(kind.inputs)}; {OUTPUTS[0]}")
    if kind.needs:
        _check_calibration(said["calibration"])
    return kind


def _require(said: dict[str, Any], keys: tuple[str, ...]) -> None:
    if missing := [key for key in keys if key not in said]:
        raise ValueError(f"it does not say {', '.join(missing)}")


def _check_calibration(calibration: dict[str, Any]) -> None:
    if set(calibration) != set(CALIBRATION):
        raise ValueError(f"the calibration must have {', '.join(CALIBRATION)}")
    for name, (low, high) in CALIBRATION.items():
        value = calibration[name]
        # Written so that NaN fails.
        if type(value) not in (int, float) or not low <= value <= high:
            raise ValueError(f"{name} is {value!r:.40}, not a number from {low:g} to {high:g}")
