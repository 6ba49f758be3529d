"""What tests share: the data that lies beside the clone, where it does, a map, and tiny models."""

from mapres.threads import keep_blas_to_one

# Before NumPy is imported.
keep_blas_to_one()

from pathlib import Path

import numpy as np
import pytest
from graphs import constant_graph, write_model
from hypothesis import settings
from scipy import ndimage

from mapres.density import Density
from mapres.io import read
from mapres.networks import registry
from training.global_model.soft_targets import soft_targets

# A busy machine is no failure, and every run tries the same.
settings.register_profile("mapres", deadline=None, derandomize=True)
settings.load_profile("mapres")
EXAMPLES = Path(__file__).parents[1] / "examples"
SHARED = Path(__file__).parents[1].parent / "shared" / "data"
# What the tiny models say of any map: `default` 7 Å, `dnn` medium, `cnn` low.
TINY_RESOLUTION = 7.0
TINY_LOGITS = {"dnn": [0.0, 3.0, 1.0], "cnn": [0.0, 1.0, 3.0]}


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"{SHARED} is not there: real maps and native outputs are not in the project")
    return SHARED


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20190324)


@pytest.fixture(scope="session")
def density() -> Density:
    """Return the mean of the example's half maps; modules may have a map of their own instead."""
    first, second = (read(EXAMPLES / f"half{k}.mrc.gz") for k in (1, 2))
    return first.with_values((first.values + second.values) / 2)


@pytest.fixture(scope="session")
def globule() -> tuple[Density, np.ndarray]:
    """Return a 48³ map at 2 Å of two lobes without noise, and where they are."""
    grid = (np.indices((48, 48, 48)) - 24) * 2.0
    lobes = [((0, 0, -12), 18.0), ((4, 6, 14), 14.0)]
    inside = np.zeros((48, 48, 48), dtype=bool)
    for center, radius in lobes:
        distance = sum((axis - c) ** 2 for axis, c in zip(grid, center, strict=True))
        inside |= distance < radius**2
    texture = np.random.default_rng(2).uniform(0.5, 1.5, inside.shape)
    values = ndimage.gaussian_filter(inside * texture, 1.0).astype(np.float32)
    return Density(values, (2.0, 2.0, 2.0), name="globule"), inside


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory) -> Path:
    """Return a folder with models under the shipped names that say the same of any map."""
    folder = tmp_path_factory.mktemp("tiny-models")
    wanted = soft_targets(np.array([TINY_RESOLUTION]))[0] + 1e-6
    write_model(folder, "default", "distribution", constant_graph("distribution", wanted))
    for name, logits in TINY_LOGITS.items():
        probabilities = np.exp(logits) / np.exp(logits).sum()
        write_model(folder, name, "class", constant_graph("class", probabilities))
    return folder


@pytest.fixture
def tiny_models(tiny_folder, monkeypatch) -> Path:
    """Put the tiny models in place of the shipped ones, in this process only."""
    monkeypatch.setattr(registry, "FOLDER", tiny_folder)
    return tiny_folder
