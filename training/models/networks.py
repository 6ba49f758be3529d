"""The networks, in plain Keras layers: no Lambda, no custom class, so that they load safely."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mapres.features.avramov2019 import BOX
from mapres.features.distribution import BINS
from mapres.features.patches import PATCH, SHELLS
from mapres.features.profile import CURVES, FREQUENCIES
from mapres.features.relative import INPUTS

CLASSES = 3
# The two parts of the default network, and the numbers that pass between them.
TOWER, HEAD, FEATURES = "tower", "head", 128
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


def cnn(edge: int = BOX):
    """Build the paper's 3D CNN (section 4.4) for boxes of ``edge`` voxels: three logits."""
    import keras
    from keras import layers

    stack = []
    for filters, size, activation in ((32, 7, "elu"), (64, 5, "elu"), (128, 5, "relu")):
        stack += [
            layers.Conv3D(filters, size, padding="same", activation=activation),
            layers.MaxPooling3D(2),
        ]
    head = [layers.Dense(1024, activation="tanh"), layers.Dropout(0.4), layers.Dense(CLASSES)]
    return keras.Sequential(
        [keras.Input((edge,) * 3 + (1,)), *stack, layers.Flatten(), *head], name="mapres_cnn"
    )


def widened(small, edge: int = BOX):
    """Return the CNN for larger boxes that continues one trained on cubes.

    Convolutions are the same; the dense layer reads every cube of the box with the small one's
    weights divided by their number, so that it starts as the mean of what the cubes said.
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
    """Return a CNN's convolutions, with boxes in, and its dense layers as networks of their own."""
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


def default_network(
    bins: int,
    widths: tuple[int, ...] = (32, 48, 96, 160),
    spectrum: bool = True,
    whole_map: bool = True,
    crop: int = 0,
):
    """Build the default global model: a patch and spectra in, distribution out.

    A tower of convolutions sees the patch. Power spectra, which span ten orders of magnitude and so
    cannot be read off the patch by convolutions, join it in the head: the patch's own, and those of
    the map. Both parts are models of their own, so that the head can be trained by itself.

    Parameters
    ----------
    bins : how many resolution bins
    widths : filters per level
    spectrum : False leaves the patch's power spectrum unread (for comparison)
    whole_map : False leaves the map's profile unread (for comparison)
    crop : voxels cut off every face of the patch (for comparison)

    Returns
    -------
    keras.Model
        From [(n, 48, 48, 48, 1), (n, 24), (n, 4, 75)] to softmax probabilities (n, bins).
    """
    import keras

    patch = keras.Input((PATCH, PATCH, PATCH, 1), name="patch")
    power = keras.Input((SHELLS,), name="spectrum")
    curves = keras.Input((CURVES, len(FREQUENCIES)), name="profile")
    features = _tower(widths, crop)(patch)
    out = _head(bins, spectrum, whole_map)([features, power, curves])
    return keras.Model([patch, power, curves], out, name="mapres_default")


def _tower(widths: tuple[int, ...], crop: int):
    """Build four levels, each halving the grid, with residual pairs of 3³ convolutions.

    They are averaged over what is left of the grid: (n, 48, 48, 48, 1) to (n, FEATURES).
    """
    import keras
    from keras import layers

    patch = keras.Input((PATCH, PATCH, PATCH, 1))
    x = layers.Cropping3D(crop)(patch) if crop else patch
    x = layers.Conv3D(widths[0], 5, strides=2, padding="same", use_bias=False)(x)
    x = _activated(x)
    x = _activated(layers.Conv3D(widths[0], 3, padding="same", use_bias=False)(x))
    for width in widths[1:]:
        x = _activated(layers.Conv3D(width, 3, strides=2, padding="same", use_bias=False)(x))
        y = _activated(layers.Conv3D(width, 3, padding="same", use_bias=False)(x))
        y = layers.Conv3D(width, 3, padding="same", use_bias=False)(y)
        x = layers.Activation("relu")(layers.Add()([x, layers.BatchNormalization()(y)]))
    x = layers.Conv3D(FEATURES, 1, activation="relu")(x)
    return keras.Model(patch, layers.GlobalAveragePooling3D()(x), name=TOWER)


def _head(bins: int, spectrum: bool, whole_map: bool):
    """Build what turns features of a patch, its spectrum and the map's profile into a distribution.

    The profile has a point at every bin: convolutions along it answer where they see something,
    such as the signal sink into the noise, alike at any resolution. That is half of the answer.
    """
    import keras
    from keras import layers

    features = keras.Input((FEATURES,))
    power, curves = keras.Input((SHELLS,)), keras.Input((CURVES, len(FREQUENCIES)))
    own = power if spectrum else layers.Rescaling(0.0)(power)
    for width in (128, 64):
        own = layers.Dense(width, activation="relu")(own)
    seen = layers.Permute((2, 1))(curves if whole_map else layers.Rescaling(0.0)(curves))
    for dilation in (1, 2, 4):
        along = {"padding": "same", "dilation_rate": dilation, "activation": "relu"}
        seen = layers.Conv1D(24, 5, **along)(seen)
    here = layers.Cropping1D((0, len(FREQUENCIES) - bins))(layers.Conv1D(1, 1)(seen))
    code = layers.Flatten()(layers.Conv1D(4, 1, activation="relu")(seen))
    code = layers.Dense(64, activation="relu")(layers.Dropout(0.2)(code))
    x = layers.Dense(128, activation="relu")(layers.Concatenate()([features, own, code]))
    x = layers.Dense(bins)(layers.Dropout(0.2)(x))
    out = layers.Softmax(dtype="float32")(layers.Add()([x, layers.Flatten()(here)]))
    return keras.Model([features, power, curves], out, name=HEAD)


def _activated(x):
    from keras import layers

    return layers.Activation("relu")(layers.BatchNormalization()(x))


def local_network(widths: tuple[int, ...] = (384, 192, 96), dropout: float = 0.1):
    """Build a network of local resolution: from `relative.rows` to distributions, (n, BINS)."""
    import keras
    from keras import layers

    x = given = keras.Input((INPUTS,), name="cells")
    x = layers.BatchNormalization()(x)
    for width in widths:
        x = _activated(layers.Dense(width, use_bias=False)(x))
        x = layers.Dropout(dropout)(x)
    out = layers.Softmax(dtype="float32")(layers.Dense(BINS)(x))
    return keras.Model(given, out, name="mapres_local")
