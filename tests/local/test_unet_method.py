"""How the paper's U-Nets see a map, and what becomes of their classes."""

from pathlib import Path

import numpy as np
import pytest

from mapres.density import Density
from mapres.errors import Cancelled
from mapres.features.avramov2019 import CLASSES, MIDDLES, min_max
from mapres.local import unet
from mapres.local.method import MethodInput
from mapres.local.methods import METHODS
from mapres.local.resolution import local_resolution
from mapres.local.unet import predict_classes
from mapres.networks.card import Card
from mapres.networks.registry import Model
from mapres.progress import silent

SHAPE = (40, 33, 50)


def by_value(cubes):
    """A network that sorts voxels by their value: ten classes from 0 to 1."""
    assert cubes.shape[1:] == (16, 16, 16)
    return np.eye(CLASSES, dtype=np.float32)[np.minimum(10 * cubes, 9).astype(int)]


@pytest.fixture
def density(rng):
    return Density(rng.random(SHAPE, dtype=np.float32), (1.5, 1.5, 1.5), name="map")


@pytest.fixture
def inside():
    inside = np.zeros(SHAPE, dtype=bool)
    inside[10:30, 8:28, 12:40] = True
    return inside


def test_every_voxel_of_the_mask_is_predicted_once_in_its_place(density, inside):
    found = predict_classes(density.values, inside, by_value, silent)
    expected = np.minimum(10 * min_max(density.values), 9).astype(int)
    assert found.shape == SHAPE
    np.testing.assert_array_equal(found[inside], expected[inside])
    assert not found[~inside].any()


def test_prediction_can_be_cancelled(density, inside):
    def cancel(fraction, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        predict_classes(density.values, inside, by_value, cancel)


def test_classes_become_resolutions(density, inside, monkeypatch):
    card = Card("unet-resmap", "cubes", Path(), "0" * 64, None, None, {})
    network = Model(card, by_value, "cpu", "CPUExecutionProvider")
    monkeypatch.setattr(unet, "load", lambda name, device: network)
    mask = density.with_values(inside.astype(np.float32), "mask")
    halves = (density, density.with_values(density.values[::-1].copy()))
    result = local_resolution(density, method="unet-resmap", mask=mask, half_maps=halves)
    classes = predict_classes(density.values, inside, by_value, silent)
    # Voxels of 1.5 Å hold nothing finer than 3 Å.
    expected = np.maximum(MIDDLES[classes], 3)
    np.testing.assert_array_equal(result.values[inside], expected[inside])
    np.testing.assert_array_equal(result.beyond[inside], (classes == 9)[inside])
    assert any("half maps were not used" in warning for warning in result.warnings)
    assert "10 Å for everything coarser" in result.notes[0]


def test_what_is_coarser_than_the_last_class_is_said(density, inside, monkeypatch):
    card = Card("stub", "cubes", Path(), "0" * 64, None, None, {})
    network = Model(card, by_value, "cpu", "CPUExecutionProvider")
    monkeypatch.setattr(unet, "load", lambda name, device: network)
    for fraction in (0.05, 0.4):
        classes = np.zeros(SHAPE, dtype=np.uint8)
        places = np.flatnonzero(inside)
        classes.flat[places[: int(fraction * len(places))]] = CLASSES - 1
        monkeypatch.setattr(unet, "predict_classes", lambda *_, found=classes: found)
        given = MethodInput(density, inside, True, None, "cpu", silent)
        measured = METHODS["unet-resmap"].measure(given, {})
        assert bool(measured.warnings) == (fraction > 0.1)
