"""The default network in plain Keras layers: without Lambda or custom class it loads safely."""

from __future__ import annotations

from mapres.features.patches import PATCH, SHELLS
from mapres.features.profile import CURVES, FREQUENCIES

# The two parts of the network, and the numbers that pass between them.
TOWER, HEAD, FEATURES = "tower", "head", 128


def default_network(
    bins: int,
    widths: tuple[int, ...] = (32, 48, 96, 160),
    spectrum: bool = True,
    map_profile: bool = True,
    crop: int = 0,
    edge: int = PATCH,
):
    """Build the default global model: a patch and spectra in, distribution out.

    A tower of convolutions sees the patch. Power spectra, which span ten orders of magnitude and so
    convolutions cannot learn from the patch, join it in the head: the patch's own, and those of
    the map. Both parts are models of their own, so that the head can be trained by itself.

    Parameters
    ----------
    bins : how many resolution bins
    widths : filters per level
    spectrum : False leaves the patch's power spectrum out (for comparison)
    map_profile : False leaves the map's profile out (for comparison)
    crop : voxels cut off every face of the patch (for comparison)
    edge : voxels of the patches along each axis: smaller ones train a tower for larger ones in less
        time

    Returns
    -------
    keras.Model
        From [(n, edge, edge, edge, 1), (n, 24), (n, 4, 75)] to softmax probabilities (n, bins).
    """
    import keras

    patch = keras.Input((edge, edge, edge, 1), name="patch")
    power = keras.Input((SHELLS,), name="spectrum")
    curves = keras.Input((CURVES, len(FREQUENCIES)), name="profile")
    features = _tower(widths, crop, edge)(patch)
    out = _head(bins, spectrum, map_profile)([features, power, curves])
    return keras.Model([patch, power, curves], out, name="mapres_default")


def _tower(widths: tuple[int, ...], crop: int, edge: int):
    """Build four levels, each halving the grid, with residual pairs of 3³ convolutions.

    They are averaged over what is left of the grid: (n, edge, edge, edge, 1) to (n, FEATURES).
    """
    import keras
    from keras import layers

    patch = keras.Input((edge, edge, edge, 1))
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


def _head(bins: int, spectrum: bool, map_profile: bool):
    """Build the head: from a patch's features and spectrum and the map's profile to a distribution.

    The profile has a point at every bin: convolutions along it respond where they see something,
    such as the signal sinking into the noise, alike at any resolution. That is half of the output.
    """
    import keras
    from keras import layers

    features = keras.Input((FEATURES,))
    power, curves = keras.Input((SHELLS,)), keras.Input((CURVES, len(FREQUENCIES)))
    own = power if spectrum else layers.Rescaling(0.0)(power)
    for width in (128, 64):
        own = layers.Dense(width, activation="relu")(own)
    seen = layers.Permute((2, 1))(curves if map_profile else layers.Rescaling(0.0)(curves))
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
