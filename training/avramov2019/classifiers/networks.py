"""The paper's classifiers in plain Keras layers: no Lambda, no custom class."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mapres.features.avramov2019 import BOX

CLASSES = 3
# A dense layer's Glorot scale depends on how many inputs it has: 64³ voxels, whatever the basis.
DNN_SCALE = np.sqrt(2 / (BOX**3 + 1000))


def dnn(inputs: int = BOX**3):
    """Build the paper's dense network: 1000 and 100 ReLU, three logits (section 4.3).

    With fewer ``inputs`` it takes the coordinates of a map in the span of the training maps (see
    `training.avramov2019.classifiers.span`) and starts from weights of the same scale.
    """
    import keras
    from keras import layers

    start = keras.initializers.RandomNormal(stddev=float(DNN_SCALE))
    first = layers.Dense(1000, activation="relu", kernel_initializer=start)
    last = [layers.Dense(100, activation="relu"), layers.Dense(CLASSES)]
    return keras.Sequential([keras.Input((inputs,)), first, *last], name="mapres_dnn")


def cnn(edge: int = BOX, filters: tuple[int, int, int] = (32, 64, 128), units: int = 1024):
    """Build the paper's 3D CNN (section 4.4) for boxes of ``edge`` voxels: three logits."""
    import keras
    from keras import layers

    stack = []
    for width, size, activation in zip(filters, (7, 5, 5), ("elu", "elu", "relu"), strict=True):
        stack += [
            layers.Conv3D(width, size, padding="same", activation=activation),
            layers.MaxPooling3D(2),
        ]
    head = [layers.Dense(units, activation="tanh"), layers.Dropout(0.4), layers.Dense(CLASSES)]
    return keras.Sequential(
        [keras.Input((edge,) * 3 + (1,)), *stack, layers.Flatten(), *head], name="mapres_cnn"
    )


def widened(small, edge: int = BOX):
    """Return the CNN for larger boxes that continues one trained on cubes.

    Convolutions are the same; the dense layer takes every cube of the box with the small one's
    weights divided by their number, so that it starts as the mean of the cubes' predictions.
    """
    large = cnn(edge)
    for ours, theirs in zip(large.layers, small.layers, strict=True):
        weights = theirs.get_weights()
        if ours.name.startswith("dense") and weights[0].shape != ours.kernel.shape:
            weights[0] = _tiled(weights[0], small.input_shape[1] // 8, edge // 8)
        ours.set_weights(weights)
    return large


def _tiled(kernel: NDArray, cells: int, wanted: int) -> NDArray[np.float32]:
    """Repeat the weights of cells, cells³ of them, until they fill wanted³."""
    times = wanted // cells
    cube = kernel.reshape(*(cells,) * 3, -1, kernel.shape[-1])
    return np.tile(cube, (times,) * 3 + (1, 1)).reshape(-1, kernel.shape[-1]) / times**3


def parted(network):
    """Return a CNN's convolutions, from boxes on, and its dense layers as networks of their own."""
    import keras

    place = 1 + [type(layer).__name__ for layer in network.layers].index("Flatten")
    tower = keras.Sequential([keras.Input(network.input_shape[1:]), *network.layers[:place]])
    head = keras.Sequential([keras.Input(tower.output_shape[1:]), *network.layers[place:]])
    return tower, head


def compiled(network, optimizer=None):
    """Give one of the paper's networks its loss and optimizer, or another."""
    import keras

    network.compile(
        optimizer or keras.optimizers.SGD(0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return network
