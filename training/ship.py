"""From trained weights to what ships: float16 for prediction only, with a model card beside it."""

from __future__ import annotations

import datetime
import io
import json
import shutil
import zipfile
from pathlib import Path

import h5py
import numpy as np

from mapres import models
from mapres.cubes import NAMES

# In Å, of a map and of a voxel.
MAP_CLASSES = {"high": "< 5 A", "medium": "5-10 A", "low": "> 10 A"}
VOXEL_CLASSES = [f"{name} A" for name in NAMES]
# Of a Keras configuration.
LEFT_OUT = ("renorm", "quantization_config", "compile_config")


def for_prediction(network, run: Path, name: str) -> tuple[Path, object]:
    """Store a network in ``run`` as it ships; return the path, and the network as users get it."""
    import keras

    whole, weights = run / f"{name}-whole.keras", run / f"{name}.keras"
    network.save(whole)
    halve(whole, weights)
    whole.unlink()
    return weights, keras.models.load_model(weights, compile=False, safe_mode=True)


def ship(weights: Path, network, kind: str, folder: Path, **said) -> None:
    """Copy weights into ``folder`` and write their card, which says ``said`` too."""
    import keras

    card = {
        "name": weights.stem,
        "kind": kind,
        "weights": weights.name,
        "sha256": models.sha256(weights),
        "parameters": int(network.count_params()),
        "classes": VOXEL_CLASSES if kind in ("local", "cubes") else MAP_CLASSES,
        "preprocessing": models.preprocessing_card(kind),
        **said,
        "licence": "MIT",
        "versions": {"keras": keras.__version__, "backend": keras.backend.backend()},
        "made": datetime.date.today().isoformat(),
    }
    shutil.copyfile(weights, folder / weights.name)
    write_card(folder / f"{weights.stem}.json", card)
    print(json.dumps(card["scores"], indent=2))


def write_card(path: Path, card: dict) -> None:
    """Write a model card."""
    path.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")


def halve(source: Path, target: Path) -> None:
    """Copy a ``.keras`` file for prediction only, by any version of Keras from 3.8 on.

    Weights are stored as float16, which Keras widens on loading.
    """
    with (
        zipfile.ZipFile(source) as archive,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith(".h5"):
                content = _halved_weights(content)
            elif name == "config.json":
                content = json.dumps(portable(json.loads(content))).encode()
            # A fixed date, so that the same weights make the same file and the same hash.
            out.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)


def portable(config):
    """Say a Keras configuration in words that versions from 3.8 on understand.

    The weights are loaded anyway, so every initializer becomes zeros: 3.15 describes them in words
    that 3.12, the last for Python 3.10, refuses. It also writes out a renormalisation and a
    quantisation that are off, and how a part was trained by itself, which is no part of predicting.
    """
    if isinstance(config, list):
        return [portable(item) for item in config]
    if not isinstance(config, dict):
        return config
    if config.get("module") == "keras.initializers":
        return config | {"class_name": "Zeros", "config": {}}
    kept = {key: value for key, value in config.items() if not key.startswith(LEFT_OUT)}
    return {key: portable(value) for key, value in kept.items()}


def _halved_weights(content: bytes) -> bytes:
    out = io.BytesIO()
    with h5py.File(io.BytesIO(content), "r") as source, h5py.File(out, "w") as target:

        def copy(name: str, item) -> None:
            if "optimizer" in name.split("/"):
                return
            if isinstance(item, h5py.Dataset):
                target.create_dataset(name, data=item[()].astype(np.float16))
            else:
                target.require_group(name)
            (target[name].attrs).update(dict(item.attrs))

        target.attrs.update(dict(source.attrs))
        source.visititems(copy)
    return out.getvalue()
