"""From the paper's trained U-Nets to what ships, with its accuracy by both protocols."""

from __future__ import annotations

import hashlib
from pathlib import Path

from training.avramov2019.unets.cube_files import read_cubes
from training.avramov2019.unets.cubes import Cubes, divided
from training.avramov2019.unets.fit_unet import accuracies, run_folder
from training.models.curve import noted_stages
from training.models.ship import ship
from training.models.to_onnx import rounded

DATA = {
    "monores": "labels by MonoRes (src/mapres/local/classical/monores.py), median of 3³ voxels",
    "resmap": "labels by ResMap (src/mapres/local/classical/resmap.py)",
}


def export_unet(data: Path, cubes: Path, cache: Path, width: int, folder: Path) -> None:
    """Write ``unet-<labels>.onnx`` and its card into ``folder``.

    Parameters
    ----------
    data : folder of the structures
    cubes : folder of cubes, named for the labels: ``monores`` or ``resmap``
    cache : folder of the runs; what ships was trained by the paper's protocol, and the run
        that was split by map, of the same width, is scored beside it
    width : filters of the first level
    folder : where models are
    """
    import keras

    labels = cubes.name
    run = run_folder(cache, labels, width, "paper")
    network = rounded(keras.models.load_model(run / "best.keras", compile=False))
    found, names = read_cubes(cubes)
    held_out = run_folder(cache, labels, width, "split-by-map") / "best.keras"
    scores = {
        "evaluation cubes, maps shared with training": _scores(network, found, by_map=False),
        "evaluation maps, by a second training that saw none of them": _scores(
            keras.models.load_model(held_out, compile=False), found, by_map=True
        ),
    }
    ship(
        network,
        "cubes",
        folder,
        f"unet-{labels}",
        data,
        predicts="local resolution of every voxel, as one of ten classes",
        source="Avramov et al. 2019, Molecules 24, 1181, sections 4.1 and 4.5",
        width=width,
        training=_training_card(found, names, run) | {"data": DATA[labels]},
        scores=scores,
    )


def _scores(network, cubes: Cubes, by_map: bool) -> dict:
    evaluation = divided(cubes, by_map=by_map)["evaluation"]
    found = accuracies(network, evaluation)
    return {
        "cubes": len(evaluation),
        "maps": len(set(evaluation.maps.tolist())),
        "accuracy_all_voxels": round(found["paper"], 4),
        "accuracy_in_mask": round(found["in mask"], 4),
        "accuracy_of_a_constant_in_mask": round(found["constant"], 4),
    }


def _training_card(cubes: Cubes, names: list[str], run: Path) -> dict:
    real = [name for name in names if name.startswith("real-")]
    return {
        "cubes": len(divided(cubes)["train"]),
        "real_maps": len(real),
        "simulated_maps": len(names) - len(real),
        "maps_sha256": hashlib.sha256("\n".join(names).encode()).hexdigest(),
        "stages": noted_stages(run),
    }
