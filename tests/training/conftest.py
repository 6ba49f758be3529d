"""A molecule that needs no file: a ball of atoms packed about as densely as in a protein."""

import json
import os
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from training.data.structures import UNIT, Structure
from training.particles import relion
from training.particles.sets import TREATMENTS
from training.simulate.recipe import Recipe
from training.simulate.reconstruct import NEAR, reconstruct

# As `python -m training` does, before Keras is loaded.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
SPLITS = ("train", "validation", "test")


@pytest.fixture(autouse=True)
def seeded():
    """Start every network from the same weights, whatever ran before."""
    # Only where a test has imported it: others must not wait 5 s for Keras.
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(0)


@pytest.fixture(scope="session")
def ball() -> Structure:
    rng = np.random.default_rng(1)
    points = rng.uniform(-20, 20, (20000, 3))
    kept: list[np.ndarray] = []
    for point in points[np.linalg.norm(points, axis=1) < 20]:
        if not kept or np.min(np.linalg.norm(np.array(kept) - point, axis=1)) > 1.5:
            kept.append(point)
        if len(kept) == 1200:
            break
    elements = rng.choice([6, 7, 8, 16], len(kept), p=[0.63, 0.17, 0.19, 0.01])
    return Structure(
        "ball",
        np.array(kept, dtype=np.float32),
        elements.astype(np.uint8),
        rng.uniform(10, 60, len(kept)).astype(np.float32),
    )


@pytest.fixture(scope="session")
def packed(ball, tmp_path_factory) -> Path:
    """Return a folder with a packed set that holds the ball under every set and split."""
    folder = tmp_path_factory.mktemp("packed")
    keys = [(s, p) for s in ("chain", "chain-rebuilt", "complex") for p in SPLITS]
    steps = np.rint(np.diff(ball.xyz / UNIT, axis=0, prepend=ball.xyz[:1] / UNIT)).astype(int)
    first = steps[0].copy()
    steps[0] = 0
    with h5py.File(folder / "structures.h5", "w") as out:
        out["offset"] = np.arange(len(keys) + 1) * len(ball.xyz)
        out["first"] = np.tile(first, (len(keys), 1))
        for axis, name in enumerate("xyz"):
            out[f"delta_{name}"] = np.tile(steps[:, axis], len(keys)).astype(np.int16)
        out["atomic_number"] = np.tile(ball.atomic_number, len(keys))
        out["b_factor"] = np.tile(ball.b_factor, len(keys)).astype(np.uint8)
        out["id"] = [f"ball_{s}_{p}" for s, p in keys]
    lines = ["id\tset\tsplit\tpdb_id", *(f"ball_{s}_{p}\t{s}\t{p}\t{p}" for s, p in keys)]
    (folder / "structures.tsv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="session")
def reconstructions(ball, tmp_path_factory) -> Path:
    """Return a folder with a simulated map, stored as if RELION had reconstructed it."""
    folder = tmp_path_factory.mktemp("reconstructions")
    made = reconstruct(ball, Recipe(5.0, 1.5, (56,) * 3), np.random.default_rng(0))
    (folder / "000").mkdir()
    maps = {"half1": made.half1, "half2": made.half2, "truth": made.truth}
    maps |= dict.fromkeys(TREATMENTS, made.average)
    maps |= {"molecule": made.mask, "core": made.distance < NEAR}
    maps["relion_local"] = 1.1 * made.truth
    for name, values in maps.items():
        relion.save(folder / "000" / f"{name}.mrc", values, 1.5)
    facts = {"structure": ball.id, "voxel_size": 1.5, "fsc_resolution": made.resolution}
    (folder / "000" / "facts.json").write_text(json.dumps(facts))
    return folder


@pytest.fixture(scope="module")
def eager():
    """Compute without graphs: tracing a training step takes 5 s, a step by itself 0.2 s."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)
