"""From the paper's trained networks to what ships, with its agreement over the whole test split."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from training.avramov2019.classifiers.paper_maps import PaperMaps
from training.avramov2019.classifiers.shrink import shrunk
from training.avramov2019.classifiers.subsets import Subset
from training.models.curve import noted_stages
from training.models.ship import ship
from training.models.to_onnx import rounded

# What of the big layer is kept: 192 × 32³ half-precision numbers are 13 MB, 64 × 65,536 are 8 MB.
KEPT = {"dnn": {"rank": 192, "along": 32}, "cnn": {"rank": 64}}
# Training maps by which it is chosen; the CNN takes 0.3 s for each.
SVD_MAPS = {"dnn": 4500, "cnn": 1200}
BATCH = 25


def export_paper(
    data: Path, paper: Path, run: Path, folder: Path, name: str, test_maps: int | None
) -> None:
    """Write ``<name>.onnx`` (truncated) and ``<name>.json`` into ``folder``.

    ``test_maps`` compares on so many maps of the test split only; by default on all.
    """
    import keras

    exact = keras.models.load_model(run / "exact.keras", compile=False)
    train, test = PaperMaps(paper, "train"), PaperMaps(paper, "test")
    small = rounded(shrunk(exact, Subset.evenly(train, SVD_MAPS[name]), **KEPT[name]))
    ship(
        small,
        "class",
        folder,
        name,
        data,
        parameters_exact=int(exact.count_params()),
        predicts="resolution class of a map by its central 64³ voxels, as probabilities of three",
        source="Avramov et al. 2019, Molecules 24, 1181, sections 4.3 and 4.4",
        training=_training_card(train, run),
        scores={"simulated test split": compare(exact, small, test, test_maps)},
    )


def compare(exact, small, test: PaperMaps, count: int | None) -> dict:
    """Return both networks' accuracy on test maps, and how often they predict the same class."""
    chosen = np.arange(len(test))
    if count is not None:
        chosen = np.sort(np.random.default_rng(0).permutation(len(test))[:count])
    trunk, exact_rest, small_rest = _parted(exact, small)
    predicted = []
    for start in range(0, len(chosen), BATCH):
        values = trunk(test.batch(chosen[start : start + BATCH]))
        both = exact_rest.predict_on_batch(values), small_rest.predict_on_batch(values)
        predicted.append(np.argmax(both, axis=2))
        print(f"{start} of {len(chosen)} test maps", end="\r", flush=True)
    ours, shipped = np.concatenate(predicted, axis=1)
    labels = test.labels[chosen]
    cut = np.repeat(test.summary["cut_off"], 3)[chosen]
    return {
        "maps": len(chosen),
        "molecules": len(np.unique(chosen // 3)),
        "maps_cut_by_the_box": int(cut.sum()),
        "accuracy_exact": round(float(np.mean(ours == labels)), 5),
        "accuracy": round(float(np.mean(shipped == labels)), 5),
        "accuracy_whole_molecules": round(float(np.mean((shipped == labels)[~cut])), 5),
        "agreement_with_exact": round(float(np.mean(ours == shipped)), 5),
    }


def _parted(exact, small) -> tuple[Callable, Any, Any]:
    """Return what two networks have in common, to be computed once, and the rest of each."""
    import keras

    same = 0
    for one, other in zip(exact.layers, small.layers, strict=False):
        weights = one.get_weights(), other.get_weights()
        if type(one) is not type(other) or not all(map(np.array_equal, *weights)):
            break
        same += 1
    if not same:
        # The dense network takes voxels in a row, as nothing has folded them yet.
        row = keras.layers.Reshape(exact.input_shape[1:])
        return lambda maps: maps, keras.Sequential([row, *exact.layers]), small
    trunk = keras.Sequential([keras.Input(small.input_shape[1:]), *small.layers[:same]])
    rests = (keras.Sequential(network.layers[same:]) for network in (exact, small))
    return trunk.predict_on_batch, *rests


def _training_card(train: PaperMaps, run: Path) -> dict:
    """Return what the network was trained on, and by which schedule."""
    ids = sorted(train.summary["ids"])
    return {
        "data": "noise-free maps (classifiers/paper_maps.py), train split, at 2.5, 7.5, 12.5 A",
        "maps": len(train),
        "molecules": len(ids),
        "molecules_cut_by_the_box": int(sum(train.summary["cut_off"])),
        "molecules_sha256": hashlib.sha256("\n".join(ids).encode()).hexdigest(),
        "stages": noted_stages(run),
    }
