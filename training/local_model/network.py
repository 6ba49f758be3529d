"""The network of local resolution, in plain Keras layers."""

from __future__ import annotations

from mapres.features.distribution import BINS
from mapres.features.relative import INPUTS


def local_network(widths: tuple[int, ...] = (384, 192, 96), dropout: float = 0.1):
    """Build a network of local resolution: from `relative.rows` to distributions, (n, BINS)."""
    import keras
    from keras import layers

    x = given = keras.Input((INPUTS,), name="cells")
    x = layers.BatchNormalization()(x)
    for width in widths:
        x = layers.BatchNormalization()(layers.Dense(width, use_bias=False)(x))
        x = layers.Activation("relu")(x)
        x = layers.Dropout(dropout)(x)
    out = layers.Softmax(dtype="float32")(layers.Dense(BINS)(x))
    return keras.Model(given, out, name="mapres_local")
