"""The head of the default model trained again and again, each time without one ingredient.

Every variant has the convolutions that ship, which were trained with everything, and a new head,
which joins what they see with the spectra and decides; it is trained on as many maps as the others.
All are scored on the same realistic validation patches, which also choose the epoch, on patches of
RELION's reconstructions of that split, and on the real maps with a published value (which are few).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.density import checked
from mapres.errors import MapResError
from mapres.features.distribution import BINS, CENTERS, class_of, quantile
from mapres.io import read
from mapres.networks.registry import Predict, predictor
from training.data.published import Published, listed_maps
from training.evaluate.tables import Table
from training.global_model.export import patch_predictions
from training.global_model.fit import predictions
from training.global_model.fit_head import fit_head
from training.global_model.network import TOWER, default_network
from training.global_model.shards import Shards, write_shard
from training.models.to_onnx import runner
from training.particles.sets import TREATMENTS, stored
from training.simulate.draw import Example, Ingredients
from training.simulate.examples import examples

SEED = 7000
NOISE_FREE = 0.2
# Whose convolutions all variants have.
WEIGHTS = Path("training/weights/default.keras")


@dataclass(frozen=True)
class Variant:
    """One training.

    Attributes
    ----------
    ingredients : of its maps
    options : of `default_network`
    """

    ingredients: Ingredients = field(default_factory=lambda: Ingredients(noise_free=NOISE_FREE))
    options: dict = field(default_factory=dict)


def _without(**changes) -> Variant:
    return Variant(Ingredients(**({"noise_free": NOISE_FREE} | changes)))


VARIANTS = {
    "everything": Variant(),
    "no noise (calculated maps only)": _without(noise=False),
    "no noise-free maps": _without(noise_free=0.0),
    "no B factors": _without(b_factors=False),
    "no masks": _without(masks=False),
    "no sharpening": _without(sharpening=False),
    "no weights by the FSC": _without(weights=False),
    "resolution in a tight envelope": _without(laboratory_masks=False),
    "voxel size 1 Å only": _without(voxel_sizes=False),
    "no complexes": _without(complexes=False),
    "no spectrum beside the patch": Variant(options={"spectrum": False}),
    "no profile of the map": Variant(options={"map_profile": False}),
}


def ablation(
    data: Path,
    cache: Path,
    reconstructions: Path,
    maps: int,
    out: Path,
    names: Sequence[str],
) -> None:
    """Train the variants of these names, and write the table."""
    import keras

    rows = []
    cache = cache / f"{maps}-maps"
    validation = _shards(data, cache / "validation", "validation", maps // 3, Variant())
    reconstructed = _shard(
        cache / "reconstructed",
        "reconstructed",
        lambda: (
            each.example(treatment) for each in stored(reconstructions) for treatment in TREATMENTS
        ),
    )
    published = listed_maps(data / "maps")
    tower = keras.models.load_model(WEIGHTS, compile=False).get_layer(TOWER)
    for name in names:
        variant = VARIANTS[name]
        patches = _shards(data, cache / _folder(variant.ingredients), "train", maps, variant)
        keras.utils.set_random_seed(SEED)
        model = default_network(BINS, **variant.options)
        model.get_layer(TOWER).set_weights(tower.get_weights())
        fit_head(model, Shards(patches, "train"), Shards(validation, "validation"))
        rows.append([name, *_scores(model, validation, reconstructed, published)])
        print(rows[-1], flush=True)
    made_by = (
        f"`python -m training ablation --maps {maps}`: a new head on the convolutions that ship, "
        f"trained on patches of {maps} maps of the train split, seed {SEED}; scored on "
        f"{len(Shards(validation, 'validation'))} patches of {maps // 3} validation maps, "
        f"{len(Shards(reconstructed, 'reconstructed'))} of reconstructions and the real maps that "
        "can be analyzed."
    )
    columns = ["trained with", "patches: right class", "patches: median error"]
    columns += ["reconstructions: ratio, median", "reconstructions: median error"]
    columns += ["real maps: right class", "real maps: median distance from the published value"]
    Table("ablation", "What training needs", made_by, columns, rows).write(out)


def _folder(ingredients: Ingredients) -> str:
    left_out = [f"{name}-{value}" for name, value in vars(ingredients).items() if value is not True]
    return "patches-" + "-".join(left_out)


def _shards(data: Path, folder: Path, split: str, maps: int, variant: Variant) -> Path:
    ingredients = variant.ingredients
    return _shard(
        folder, split, lambda: examples(data, split, SEED, maps, ingredients, processes=2)
    )


def _shard(folder: Path, split: str, source: Callable[[], Iterator[Example]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{split}-000"
    if not path.with_suffix(".npz").exists():
        write_shard(source(), path)
    return folder


def _scores(
    network, validation: Path, reconstructed: Path, published: list[Published]
) -> list[str]:
    found, true = _predicted(network, Shards(validation, "validation"))
    ratio = np.divide(*_predicted(network, Shards(reconstructed, "reconstructed")))
    real = _real(predictor(runner(network)), published)
    return [
        f"{np.mean(class_of(found) == class_of(true)):.1%}",
        f"{np.median(np.abs(found / true - 1)):.1%}",
        f"{np.median(ratio):.3f}",
        f"{np.median(np.abs(ratio - 1)):.1%}",
        f"{np.sum(class_of(real[:, 0]) == class_of(real[:, 1]))} of {len(real)}",
        f"{np.median(np.abs(real[:, 0] / real[:, 1] - 1)):.1%}",
    ]


def _predicted(network, shards: Shards) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Return (found, true) Å of all patches."""
    predicted = predictions(network, shards, np.arange(len(shards)))
    return np.array([quantile(p, 0.5) for p in predicted]), shards.resolution


def _real(predict: Predict, published: list[Published]) -> NDArray[np.float64]:
    """Return (found, published) Å of real maps: the mean of ln Å over patches, uncalibrated."""
    pairs = []
    for each in published:
        try:
            density = checked(read(each.path))
            predictions, _ = patch_predictions(density, predict)
        except MapResError:
            continue
        mean = np.exp((predictions @ np.log(CENTERS)).mean())
        pairs.append((max(float(mean), density.nyquist), each.resolution))
    return np.array(pairs)
