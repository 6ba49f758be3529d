"""The paper's networks: their sizes, and their small copies."""

from dataclasses import dataclass

import keras
import numpy as np
import pytest

from training.avramov2019.classifiers import networks
from training.avramov2019.classifiers.fit_cnn import features
from training.avramov2019.classifiers.shrink import shrunk

pytestmark = pytest.mark.usefixtures("eager")


@dataclass
class Maps:
    values: np.ndarray
    labels: np.ndarray

    def __len__(self):
        return len(self.values)

    def batch(self, indices):
        return self.values[indices]


def test_parameters_are_the_papers():
    """262 million and 68 million, counted layer by layer from the paper's text."""
    assert networks.cnn().count_params() == (
        (7**3 + 1) * 32 + (5**3 * 32 + 1) * 64 + (5**3 * 64 + 1) * 128
        + (8**3 * 128 + 1) * 1024 + (1024 + 1) * 3
    )  # fmt: skip
    kernel_of_a_voxel = networks.dnn(10).count_params() - networks.dnn(9).count_params()
    assert kernel_of_a_voxel == 1000
    assert 64**3 * 1000 + networks.dnn(1).count_params() - 1000 == 262_245_403


def test_wide_cnn_starts_as_the_mean_of_its_cubes(rng):
    small = networks.cnn(16)
    large = networks.widened(small, 32)
    # One cube eight times, so that no edge between cubes tells them apart but the padding.
    cube = rng.random((1, 16, 16, 16, 1), dtype=np.float32)
    trunk = keras.Sequential(small.layers[:7])
    features = np.asarray(trunk.predict_on_batch(cube)).reshape(2, 2, 2, 128)
    eight = np.tile(features, (2, 2, 2, 1)).reshape(1, -1)
    kernels = small.layers[7].kernel, large.layers[7].kernel
    expected = features.reshape(1, -1) @ np.asarray(kernels[0])
    assert np.allclose(eight @ np.asarray(kernels[1]), expected, atol=1e-5)


def test_convolutions_and_dense_layers_make_the_whole(rng):
    whole = networks.cnn(16)
    tower, head = networks.parted(whole)
    cubes = rng.random((2, 16, 16, 16, 1), dtype=np.float32)
    assert np.array_equal(head.predict_on_batch(tower.predict_on_batch(cubes)),
                          whole.predict_on_batch(cubes))  # fmt: skip
    joined = [*tower.get_weights(), *head.get_weights()]
    assert all(np.array_equal(*pair) for pair in zip(joined, whole.get_weights(), strict=True))


def test_features_go_on_where_they_were_interrupted(rng, tmp_path):
    tower, _ = networks.parted(networks.cnn(16))
    maps = Maps(rng.random((60, 16, 16, 16, 1), dtype=np.float32), np.zeros(60))

    class Interrupted(Maps):
        def batch(self, indices):
            if indices[0] >= 50:
                raise KeyboardInterrupt
            return super().batch(indices)

    with pytest.raises(KeyboardInterrupt):
        features(tower, Interrupted(maps.values, maps.labels), tmp_path / "f.npy")
    assert not (tmp_path / "f.npy").exists()
    rest = Maps(maps.values.copy(), maps.labels)
    # What was done is not done again: were it, these rows would be those of empty maps.
    rest.values[:25] = 0
    found = features(tower, rest, tmp_path / "f.npy")
    expected = np.asarray(tower.predict_on_batch(maps.values))
    assert np.allclose(found, expected, atol=1e-3 * expected.max())


def test_truncation_of_a_low_rank_layer_is_exact(rng):
    """A kernel of rank 3 whose voxels are mixtures of 5 profiles an axis loses nothing."""
    # Named as in a fresh process, where a loaded network holds the first names.
    named = [
        keras.layers.Dense(20, "relu", name="dense"),
        keras.layers.Dense(10, "tanh", name="dense_1"),
        keras.layers.Dense(3, name="dense_2"),
    ]
    exact = keras.Sequential([keras.Input((64**3,)), *named])
    keras.utils.clear_session()
    axes = rng.standard_normal((3, 64, 5))
    voxels = np.einsum("zi,yj,xk,ijkr->zyxr", *axes, rng.standard_normal((5, 5, 5, 3)))
    kernel = voxels.reshape(-1, 3) @ rng.standard_normal((3, 20))
    exact.set_weights([kernel / kernel.std() / 64, *exact.get_weights()[1:]])
    values = rng.random((12, 64, 64, 64, 1), dtype=np.float32)
    small = shrunk(exact, Maps(values, np.zeros(12)), rank=3, along=5, batch=5)
    unseen = rng.random((2, 64, 64, 64, 1), dtype=np.float32)
    answers = exact.predict_on_batch(unseen.reshape(2, -1)), small.predict_on_batch(unseen)
    assert np.allclose(*answers, rtol=1e-3, atol=1e-3)
    assert small.count_params() < 0.01 * exact.count_params()


def test_truncation_keeps_what_moves_the_answer(rng):
    """Two outputs that vary most but that no logit heeds are what a truncation drops."""
    exact = keras.Sequential([keras.Input((64**3,)), keras.layers.Dense(4), keras.layers.Dense(3)])
    kernel = rng.standard_normal((64**3, 4)) * [10, 10, 1, 1] / 512
    answer = np.zeros((4, 3))
    answer[2:] = rng.standard_normal((2, 3))
    exact.set_weights([kernel, np.zeros(4), answer, np.zeros(3)])
    values = rng.standard_normal((40, 64, 64, 64, 1)).astype(np.float32)
    small = shrunk(exact, Maps(values, np.zeros(40)), rank=2, along=64)
    answers = exact.predict_on_batch(values[:3].reshape(3, -1)), small.predict_on_batch(values[:3])
    assert np.abs(np.subtract(*answers)).max() < 0.1 * np.abs(answers[0]).max()
