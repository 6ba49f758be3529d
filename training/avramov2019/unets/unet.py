"""The paper's 3D U-Net (section 4.5), with its width as an argument."""

from __future__ import annotations

from mapres.features.avramov2019 import CLASSES, EDGE

# As in the paper: 90 million parameters, and four halvings of 16 voxels.
WIDTH, LEVELS = 64, 4
DROPOUT = 0.5


def unet(width: int = WIDTH, edge: int | None = EDGE, dropout: float = DROPOUT):
    """Build the U-Net: (n, 16, 16, 16, 1) to softmax probabilities (n, 16, 16, 16, 10).

    Parameters
    ----------
    width : filters of the first level; each next one has twice as many
    edge : of the cubes, a multiple of 16; None takes any
    dropout : fraction of the channels that training leaves out
    """
    import keras
    from keras import layers

    inputs = keras.Input((edge, edge, edge, 1))
    x, across = inputs, []
    for level in range(LEVELS):
        x = _pair(x, width << level)
        x = layers.SpatialDropout3D(dropout)(x)
        across.append(x)
        x = layers.MaxPooling3D(2)(x)
    x = _pair(x, width << LEVELS)
    x = layers.SpatialDropout3D(dropout)(x)
    for level in reversed(range(LEVELS)):
        x = _conv(layers.UpSampling3D(2)(x), width << level, 2)
        x = _pair(layers.Concatenate()([across[level], x]), width << level)
    outputs = layers.Conv3D(
        CLASSES, 1, activation="softmax", kernel_initializer="he_normal", dtype="float32"
    )(x)
    return keras.Model(inputs, outputs, name="mapres_unet")


def _pair(x, filters: int):
    return _conv(_conv(x, filters, 3), filters, 3)


def _conv(x, filters: int, size: int):
    from keras import layers

    return layers.Conv3D(
        filters, size, padding="same", activation="relu", kernel_initializer="he_normal"
    )(x)
