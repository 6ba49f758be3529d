"""A convolution through Fourier space is a convolution, and learns as one."""

import keras
import numpy as np

from training.fourier_convolution import FourierConv3D, with_fourier
from training.networks import compiled


def network():
    return keras.Sequential(
        [
            keras.Input((9, 9, 9, 1)),
            keras.layers.Conv3D(3, 3, padding="same", activation="elu"),
            keras.layers.Conv3D(4, 5, padding="same", activation="relu"),
            keras.layers.Flatten(),
            keras.layers.Dense(3),
        ]
    )


def test_same_answers_and_same_steps(rng):
    plain = network()
    fast = compiled(with_fourier(plain))
    compiled(plain)
    assert [isinstance(layer, FourierConv3D) for layer in fast.layers[:2]] == [False, True]
    maps, labels = rng.random((6, 9, 9, 9, 1), dtype=np.float32), np.arange(6) % 3
    for _ in range(5):
        answers = [model.predict_on_batch(maps) for model in (plain, fast)]
        assert np.allclose(*answers, atol=1e-5)
        for model in (plain, fast):
            model.train_on_batch(maps, labels)
    for ours, theirs in zip(fast.get_weights(), plain.get_weights(), strict=True):
        assert np.allclose(ours, theirs, atol=1e-5)


def test_it_is_saved_and_loaded(rng, tmp_path):
    fast = with_fourier(network())
    fast.save(tmp_path / "fast.keras")
    loaded = keras.models.load_model(tmp_path / "fast.keras")
    maps = rng.random((2, 9, 9, 9, 1), dtype=np.float32)
    assert np.allclose(fast.predict_on_batch(maps), loaded.predict_on_batch(maps), atol=1e-6)
