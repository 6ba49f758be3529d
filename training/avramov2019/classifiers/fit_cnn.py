"""The schedule of the paper's 3D CNN: its convolutions on cubes, then its dense layers on the box.

A step of 75 boxes costs 7 trillion operations; the paper's 1,500 take two cores some 15 hours.
What tells the classes apart is how fine the density is, and a cube of 16 voxels shows that. So the
convolutions learn on cubes; the dense layers, 67 of the 68 million weights, then learn from what
the convolutions make of whole boxes, with the paper's plain SGD. On cubes Adam, as SGD is at 80%
after 1,000 steps there, Adam at 100% after 200.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.features.avramov2019 import BOX
from training.avramov2019.classifiers import networks
from training.avramov2019.classifiers.paper_maps import PaperMaps
from training.avramov2019.classifiers.subsets import Coordinates, Cubes, Subset
from training.avramov2019.fitting import Maps
from training.avramov2019.fitting import fit as fit_maps
from training.models.curve import note_stages
from training.models.schedule import ByPatience

# Cubes of so many voxels: a 64th of the work per step.
EDGE = 16
CUBES = ByPatience(batch=75, steps_per_check=50, patience=10, max_steps=500)
ADAM_RATE = 1e-3
DENSE = ByPatience(batch=75, steps_per_check=20, patience=10, max_steps=600)
DENSE_MAPS = 3000
PUBLISHED = ByPatience(batch=75, steps_per_check=10, patience=50, max_steps=1500)
# So many maps decide when to stop; all 2,700 cost as much as 14 steps.
DECIDING = 300
# Maps at once through the convolutions: 0.8 GB.
BLOCK = 25


def fit_cnn(paper: Path, folder: Path, minutes: float, as_published: bool = False) -> None:
    """Train the 3D CNN; leaves ``exact.keras``. The next call goes on where this one stopped.

    ``as_published`` trains all of it on the box from the start, which wants a GPU.
    """
    end = time.monotonic() + 60 * minutes

    def fit(name: str, build: Callable, sets: list[Maps], schedule: ByPatience):
        left = replace(schedule, minutes=(end - time.monotonic()) / 60)
        return _load(folder / name) if fit_maps(build, *sets, folder / name, left) else None

    train = PaperMaps(paper, "train")
    some = Subset.evenly(PaperMaps(paper, "validation"), DECIDING)
    if as_published:
        exact = fit("box", lambda: networks.compiled(networks.cnn()), [train, some], PUBLISHED)
        stages = {"box": {"maps": len(train), "optimizer": "SGD 0.01, batches of 75"}}
    else:
        exact = _in_two(train, some, folder, fit)
        stages = {
            "cubes": {"maps": len(train), "optimizer": f"Adam {ADAM_RATE:g}, batches of 75 cubes"},
            "dense": {"maps": DENSE_MAPS, "optimizer": "SGD 0.01, batches of 75"},
        }
    if exact is not None:
        exact.save(folder / "exact.keras")
        note_stages(folder, stages)


def _in_two(train: PaperMaps, some: Subset, folder: Path, fit: Callable):
    """Train the convolutions, then the dense layers; return the network, or None without time."""
    cubes = fit("cubes", _on_cubes, [Cubes(train, EDGE), Cubes(some, EDGE, fixed=True)], CUBES)
    if cubes is None:
        return None
    tower, head = networks.parted(networks.widened(cubes, BOX))
    # What ships is float16: the exact network and its copy then have the same convolutions.
    tower.set_weights([weights.astype(np.float16) for weights in tower.get_weights()])
    sets, key = [], _fingerprint(tower)
    for name, maps in (("train", Subset.evenly(train, DENSE_MAPS)), ("validation", some)):
        values = features(tower, maps, folder / "dense" / f"{name}-{len(maps)}-{key}.npy")
        sets.append(Coordinates(values, maps.labels))
    dense = fit("dense", lambda: networks.compiled(head), sets, DENSE)
    if dense is None:
        return None
    exact = networks.cnn()
    exact.set_weights([*tower.get_weights(), *dense.get_weights()])
    return exact


def features(tower, maps: Maps, path: Path) -> NDArray[np.float16]:
    """Return what the convolutions make of some maps, shape (n, features), as a memory map.

    They are stored in ``path``; an interrupted run goes on where it was.
    """
    if path.exists():
        return np.load(path, mmap_mode="r")
    path.parent.mkdir(parents=True, exist_ok=True)
    part, shape = path.with_suffix(".part.npy"), (len(maps), tower.output_shape[1])
    stored = np.lib.format.open_memmap(part, "r+" if part.exists() else "w+", np.float16, shape)
    # Nothing that is computed is all zeros: every map has a molecule in it. The last block may have
    # been cut off within a map.
    done = len(maps) if stored[-1].any() else int(np.argmin(stored.any(axis=1)))
    first = max(0, done - BLOCK)
    for start in range(first, len(maps), BLOCK):
        indices = np.arange(start, min(start + BLOCK, len(maps)))
        stored[indices] = np.asarray(tower.predict_on_batch(maps.batch(indices)))
        print(f"features of {start} of {len(maps)} maps", flush=True)
    stored.flush()
    part.replace(path)
    return np.load(path, mmap_mode="r")


def _fingerprint(network) -> str:
    """Return eight digits that tell whether weights are the same."""
    return hashlib.sha256(b"".join(w.tobytes() for w in network.get_weights())).hexdigest()[:8]


def _load(folder: Path):
    import keras

    return keras.models.load_model(folder / "best.keras", compile=False)


def _on_cubes():
    import keras

    return networks.compiled(networks.cnn(EDGE), keras.optimizers.Adam(ADAM_RATE))
