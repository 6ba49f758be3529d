"""From trained weights to what ships: an ONNX graph with a model card beside it."""

from __future__ import annotations

import datetime
import hashlib
import json
import re
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from mapres.features.avramov2019 import NAMES
from mapres.local.network import GLOBAL_MODEL
from mapres.networks.kinds import KINDS, LOCAL, OUTPUTS
from mapres.networks.registry import digest, load
from mapres.output import replacing
from training.models.state import stored_state
from training.models.to_onnx import OPSET, parity, rounded, to_onnx, trimmed

# In Å, of a map and of a voxel.
MAP_CLASSES = {"high": "< 5 A", "medium": "5-10 A", "low": "> 10 A"}
VOXEL_CLASSES = [f"{name} A" for name in NAMES]
# Networks that a later training starts from: their Keras files are kept in the repository.
KEPT = ("default", *LOCAL)
WEIGHTS = Path("training/weights")


def ship(network, kind: str, folder: Path, name: str, data: Path, **said: Any) -> None:
    """Write ``<name>.onnx`` and its card, with the entries ``said`` as well, into ``folder``.

    Parameters
    ----------
    network : Keras network, rounded to half precision, see `to_onnx.rounded`
    kind : see `mapres.networks.kinds`
    folder : where the models are
    name : of the model
    data : folder of the structures, for the maps that both forms are compared on
    """
    source = WEIGHTS / f"{name}.keras" if name in KEPT else None
    if source:
        keep(network, source)
    card = {
        "parameters": int(network.count_params()),
        "classes": VOXEL_CLASSES if kind in (*LOCAL, "cubes") else MAP_CLASSES,
        "preprocessing": KINDS[kind].preprocessing,
        **said,
        "licence": "MIT",
        "made": datetime.date.today().isoformat(),
    }
    _write(network, source, kind, folder, name, data, card)
    print(json.dumps(card.get("scores"), indent=2))


def convert(path: Path, folder: Path, name: str, data: Path) -> None:
    """Write ``<name>.onnx`` anew from a Keras file; its card keeps its other entries.

    ``path`` is a file of the weights that the card in ``folder`` was written for.
    """
    import keras

    card = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    network = rounded(keras.models.load_model(path, compile=False, safe_mode=True))
    _write(network, path, card["kind"], folder, name, data, card)


def _write(
    network,
    source: Path | None,
    kind: str,
    folder: Path,
    name: str,
    data: Path,
    card: dict[str, Any],
) -> None:
    content = to_onnx(trimmed(network) if kind == "cubes" else network, kind)
    found = parity(content, network, kind, data)
    head = {
        "name": name,
        "kind": kind,
        "weights": f"{name}.onnx",
        "sha256": digest(content),
        "inputs": list(KINDS[kind].inputs),
        "outputs": OUTPUTS,
    }
    if kind in LOCAL:
        card["overall_model_sha256"] = load(GLOBAL_MODEL).card.sha256
    graph = {"opset": OPSET, "numbers": "float16", "keras_against_onnx": asdict(found)}
    if source:
        graph["keras_sha256"] = digest(source.read_bytes())
    tail = {"onnx": graph, "versions": _versions()}
    rest = {key: value for key, value in card.items() if key not in head | tail}
    with replacing(folder / f"{name}.onnx") as temporary:
        Path(temporary).write_bytes(content)
    write_card(folder / f"{name}.json", head | rest | tail)
    print(f"{name}: {len(content) / 1e6:.1f} MB, {found}")


def _versions() -> dict[str, str]:
    import keras
    import onnx
    import onnxruntime
    import tensorflow
    import tf2onnx

    used = (keras, tensorflow, tf2onnx, onnx, onnxruntime)
    return {module.__name__: module.__version__ for module in used}


def training_card(shards: Path, run: Path) -> dict:
    """Return what a model was trained on: how much, which molecules (as a hash), how long."""
    molecules = [np.load(path)["structure"] for path in sorted(shards.glob("train-*.npz"))]
    ids = sorted({str(name) for shard in molecules for name in shard})
    state = stored_state(run)
    assert state is not None, run
    return {
        "examples": int(sum(len(shard) for shard in molecules)),
        "molecules": len(ids),
        "molecules_sha256": hashlib.sha256("\n".join(ids).encode()).hexdigest(),
        "steps": state.step,
        "minutes": round(state.seconds / 60, 1),
        "head": state.notes.get("head"),
        "tuned": state.notes.get("tuned"),
        "started_from_sha256": state.notes.get("start_sha256", "nothing"),
    }


def write_card(path: Path, card: dict) -> None:
    """Write a model card; a list of numbers or words, or a short object, takes one line."""

    def in_a_line(found: re.Match) -> str:
        inner = re.sub(r"\n\s*", " ", found[0][1:-1]).strip()
        line = f"{found[0][0]}{inner}{found[0][-1]}"
        return line if line[0] == "[" or len(line) <= 200 else found[0]

    text = re.sub(r"\[[^\[\]{}]*\]", in_a_line, json.dumps(card, indent=2))
    # Twice: an object of short objects may be short, too.
    for _ in range(2):
        text = re.sub(r"(?<!^)\{(?:[^{}]|\{[^{}\n]*\})*\}", in_a_line, text)
    with replacing(path) as temporary:
        Path(temporary).write_text(text + "\n", encoding="utf-8")


def keep(network, path: Path) -> None:
    """Save a Keras network, rounded to half precision, for a later training.

    Compressed it takes two bytes per number: the others are zeros.
    """
    import keras

    # How a part of it was trained by itself is no part of the copy.
    copy = keras.models.clone_model(network)
    copy.set_weights(network.get_weights())
    whole = path.with_name(f"{path.stem}-whole.keras")
    copy.save(whole)
    with zipfile.ZipFile(whole) as archive, zipfile.ZipFile(path, "w") as out:
        for name in archive.namelist():
            # A fixed date, so that the same weights make the same file and the same hash.
            entry = zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0))
            out.writestr(entry, archive.read(name), zipfile.ZIP_DEFLATED)
    whole.unlink()
