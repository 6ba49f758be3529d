"""Training in the span of the training maps is training on the voxels."""

from dataclasses import dataclass

import keras
import numpy as np
import pytest

from training.avramov2019.classifiers import span


@dataclass
class Maps:
    values: np.ndarray

    def __len__(self):
        return len(self.values)

    def batch(self, indices):
        return self.values[indices]


def quiet(fraction, message):
    pass


@pytest.fixture
def maps(rng):
    return Maps(rng.random((24, 6, 6, 6, 1), dtype=np.float32))


@pytest.fixture
def basis(maps):
    return span.span_of(span.products(maps, maps, quiet))


def network(inputs, kernel):
    """Build two layers with plain gradient descent, started from a given first kernel."""
    model = keras.Sequential(
        [keras.Input((inputs,)), keras.layers.Dense(5, "relu"), keras.layers.Dense(3)]
    )
    rng = np.random.default_rng(4)
    second = rng.standard_normal((5, 3)).astype(np.float32)
    model.set_weights([kernel, np.zeros(5), second, np.zeros(3)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.05), loss)
    return model


def test_products_are_scalar_products(maps, monkeypatch):
    flat = maps.values.reshape(24, -1)
    for block in (7, 1024):
        monkeypatch.setattr(span, "BLOCK", block)
        assert np.allclose(span.products(maps, maps, quiet), flat @ flat.T, rtol=1e-5)
        some = Maps(maps.values[:10])
        assert np.allclose(span.products(some, maps, quiet), flat[:10] @ flat.T, rtol=1e-5)


def test_coordinates_keep_scalar_products(maps, basis):
    """A map's own coordinates are its row of the factor; unseen maps are projected."""
    inside = Maps(0.5 * (maps.values[:5] + maps.values[5:10]))
    coordinates = basis.coordinates(span.products(inside, maps, quiet))
    assert np.allclose(coordinates, 0.5 * (basis.lower[:5] + basis.lower[5:10]), atol=2e-3)


def test_training_in_the_span_is_training_on_voxels(maps, basis, rng):
    """The same steps of gradient descent, from the same start, give the same network."""
    start = 0.1 * rng.standard_normal((24, 5)).astype(np.float32)
    small = network(24, start)
    large = network(216, basis.on_voxels(start, maps, quiet))
    flat, labels = maps.values.reshape(24, -1), rng.integers(0, 3, 24)
    for step in range(30):
        part = np.arange(24)[step % 3 :: 3]
        small.train_on_batch(basis.lower[part], labels[part])
        large.train_on_batch(flat[part], labels[part])
    unseen = Maps(rng.random((8, 6, 6, 6, 1), dtype=np.float32))
    coordinates = basis.coordinates(span.products(unseen, maps, quiet))
    kernel = small.get_weights()[0]
    assert not np.allclose(kernel, start, atol=1e-3)
    assert np.allclose(basis.on_voxels(kernel, maps, quiet), large.get_weights()[0], atol=2e-3)
    answers = (
        small.predict_on_batch(coordinates),
        large.predict_on_batch(unseen.values.reshape(8, -1)),
    )
    assert np.allclose(*answers, atol=5e-3)
