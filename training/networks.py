"""The networks, in plain Keras layers: no Lambda, no custom class, so that they load safely."""

from __future__ import annotations

from mapres.preprocess import PATCH


def default_network(bins: int, widths: tuple[int, ...] = (32, 48, 96, 160)):
    """Build the default global model: fully convolutional, patch in, distribution out.

    Four levels, each halving the grid, with residual pairs of 3³ convolutions; the features of the
    last level are turned into ``bins`` logits at each of its places, and averaged.

    Parameters
    ----------
    bins : how many resolution bins
    widths : filters per level

    Returns
    -------
    keras.Model
        From (n, 48, 48, 48, 1) to softmax probabilities (n, bins).
    """
    import keras
    from keras import layers

    inputs = keras.Input((PATCH, PATCH, PATCH, 1))
    x = layers.Conv3D(widths[0], 5, strides=2, padding="same", use_bias=False)(inputs)
    x = _activated(x)
    x = _activated(layers.Conv3D(widths[0], 3, padding="same", use_bias=False)(x))
    for width in widths[1:]:
        x = _activated(layers.Conv3D(width, 3, strides=2, padding="same", use_bias=False)(x))
        y = _activated(layers.Conv3D(width, 3, padding="same", use_bias=False)(x))
        y = layers.Conv3D(width, 3, padding="same", use_bias=False)(y)
        x = layers.Activation("relu")(layers.Add()([x, layers.BatchNormalization()(y)]))
    x = layers.Conv3D(128, 1, activation="relu")(x)
    x = layers.GlobalAveragePooling3D()(layers.Conv3D(bins, 1)(x))
    return keras.Model(inputs, layers.Softmax(dtype="float32")(x), name="mapres_default")


def _activated(x):
    from keras import layers

    return layers.Activation("relu")(layers.BatchNormalization()(x))
