"""Every shipped network answers as it was recorded to, whatever runs it: see `recorded`."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from mapres import local_resolution, read, validate
from mapres.features.avramov2019 import blocks, masked, padded
from mapres.fourier import gaussian_low_pass
from mapres.networks.registry import load

RECORDED = Path(__file__).parent / "recorded"
PLACES = {"demo": Path(__file__).parents[1] / "examples", "fine": RECORDED, "coarse": RECORDED}
ANSWERS = json.loads((RECORDED / "answers.json").read_text())
ARRAYS = np.load(RECORDED / "answers.npz")
# Å and a probability.
SAME, ALIKE = 1e-3, 1e-4


@cache
def maps(name):
    """Return a map, the same under the low-pass filter, and its half maps."""
    prefix = "" if name == "demo" else f"{name}-"
    halves = tuple(read(PLACES[name] / f"{prefix}half{n}.mrc.gz") for n in (1, 2))
    mean = (0.5 * (halves[0].values + halves[1].values)).astype(np.float32)
    density = halves[0].with_values(mean, name)
    smooth = gaussian_low_pass(mean, density.spacing, 4.0).astype(np.float32)
    return density, density.with_values(smooth), halves


def some_voxels(result):
    """Return how many voxels a result has, and resolution and interval of every n-th."""
    places = np.flatnonzero(result.mask)
    kept = places[:: max(1, len(places) // 1000)]
    return len(places), [a.ravel()[kept] for a in (result.values, *(result.interval or ()))]


def compare_voxels(key, result):
    count, found = some_voxels(result)
    assert count == ANSWERS[key]["voxels"]
    np.testing.assert_allclose(found, ARRAYS[key], rtol=0, atol=SAME)


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("model", ["default", "dnn", "cnn"])
def test_validation(name, model):
    density, smooth, _ = maps(name)
    found = validate(density if model == "default" else smooth, model=model)
    then = ANSWERS[f"{name}/{model}"]
    now = [*found.probabilities.values()]
    np.testing.assert_allclose(now, then["probabilities"], rtol=0, atol=ALIKE)
    if model == "default":
        now = [found.interval[0], found.resolution, found.interval[1]]
        np.testing.assert_allclose(now, then["resolution_A"], rtol=0, atol=SAME)


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("model", ["local", "local-halves"])
def test_local_resolution(name, model):
    density, _, halves = maps(name)
    found = local_resolution(density, half_maps=halves if model == "local-halves" else None)
    assert found.model.startswith(f"{model}@")
    compare_voxels(f"{name}/{model}", found)


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("model", ["unet-monores", "unet-resmap"])
def test_unets(name, model):
    _, smooth, _ = maps(name)
    found = local_resolution(smooth, method=model)
    compare_voxels(f"{name}/{model}", found)
    parts = blocks(padded(masked(smooth.values, found.mask), 0))
    parts = parts[parts.any(axis=(1, 2, 3))][::8]
    now = load(model).predict(parts)[:, ::4, ::4, ::4]
    np.testing.assert_allclose(now, ARRAYS[f"{name}/{model}/probabilities"], rtol=0, atol=ALIKE)
