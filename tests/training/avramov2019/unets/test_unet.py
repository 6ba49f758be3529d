"""The paper's U-Net: its size, its width, and boxes larger than a cube."""

import keras
import numpy as np
import pytest

from training.avramov2019.unets.unet import unet

pytestmark = pytest.mark.usefixtures("eager")


def conv(inputs, filters, size=3):
    return (size**3 * inputs + 1) * filters


def counted(width):
    """Count parameters from the paper's text, level by level."""
    down = [(1, width)] + [(width << n, width << n + 1) for n in range(4)]
    total = sum(conv(a, b) + conv(b, b) for a, b in down)
    for n in reversed(range(4)):
        w = width << n
        total += conv(2 * w, w, 2) + conv(2 * w, w) + conv(w, w)
    return total + conv(width, 10, 1)


def test_parameters_are_the_papers():
    """90 million at the paper's width, 1.4 million at an eighth of it."""
    assert round(counted(64) / 1e6) == 90
    assert unet(8).count_params() == counted(8)
    assert round(counted(8) / 1e6, 1) == 1.4


def test_every_voxel_has_probabilities_of_ten_classes(rng):
    cubes = rng.random((2, 16, 16, 16, 1), dtype=np.float32)
    probabilities = np.asarray(unet(4).predict_on_batch(cubes))
    assert probabilities.shape == (2, 16, 16, 16, 10)
    assert np.allclose(probabilities.sum(axis=-1), 1, atol=1e-5)


def test_larger_boxes_take_the_same_weights(rng):
    small, any_size = unet(4), unet(4, edge=None)
    any_size.set_weights(small.get_weights())
    cube = rng.random((1, 16, 16, 16, 1), dtype=np.float32)
    assert np.allclose(
        small.predict_on_batch(cube), any_size.predict_on_batch(cube), rtol=1e-4, atol=1e-5
    )
    assert any_size.predict_on_batch(np.zeros((1, 32, 16, 48, 1))).shape == (1, 32, 16, 48, 10)
    keras.utils.clear_session()
