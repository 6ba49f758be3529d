"""The network of local resolution, in plain Keras layers."""

from __future__ import annotations

from mapres.features.distribution import BINS
from mapres.networks.kinds import KINDS


def local_network(kind: str, widths: tuple[int, ...] = (384, 192, 96), dropout: float = 0.1):
    """Build a network of local resolution: from `relative.rows` and `row_of_map` to (n, BINS).

    What is the same for all cells of a map has a first layer of its own, so that it is multiplied
    once for a map.
    """
    import keras
    from keras import layers

    given = [keras.Input(shape, name=name) for name, shape in KINDS[kind].inputs.items()]
    sums = [
        layers.Dense(widths[0], use_bias=False)(layers.BatchNormalization()(each)) for each in given
    ]
    x = layers.Add()(sums)
    for k, width in enumerate(widths):
        if k:
            x = layers.Dense(width, use_bias=False)(x)
        x = layers.Activation("relu")(layers.BatchNormalization()(x))
        x = layers.Dropout(dropout)(x)
    out = layers.Softmax(dtype="float32")(layers.Dense(BINS)(x))
    return keras.Model(given, out, name="mapres_local")
