"""The paper's classifiers made small: a truncated SVD of the big dense layer, then float16.

The layer holds all but 2 % of the weights (65,536 × 1,024 in the CNN, 262,144 × 1,000 in the dense
network). Of its kernel W only what it does to maps matters, so the SVD is that of its outputs on
some training maps: with their leading right singular vectors U, W becomes (W U) Uᵀ.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mapres.paper import BOX
from training.paper_fit import Maps


def shrunk(exact, maps: Maps, rank: int, batch: int = 25):
    """Return a network of logits for boxes, (n, 64, 64, 64, 1), whose big layer has rank ``rank``.

    Parameters
    ----------
    exact : one of `networks.dnn`, `networks.cnn`, trained
    maps : training maps on which the layer's outputs are compared
    rank : how many singular vectors are kept
    """
    import keras
    from keras import layers

    place = int(np.argmax([layer.count_params() for layer in exact.layers]))
    before, big, after = exact.layers[:place], exact.layers[place], exact.layers[place + 1 :]
    kernel, bias = big.get_weights()
    trunk = keras.Sequential([keras.Input((BOX, BOX, BOX, 1)), *(before or [layers.Flatten()])])
    vectors = _leading(trunk, kernel, maps, rank, batch)
    narrow = layers.Dense(rank, use_bias=False)
    wide = layers.Dense(kernel.shape[1], activation=big.activation)
    small = keras.Sequential([*trunk.layers, narrow, wide, *after], name=exact.name)
    small.build((None, BOX, BOX, BOX, 1))
    narrow.set_weights([kernel @ vectors])
    wide.set_weights([vectors.T, bias])
    return small


def _leading(trunk, kernel: NDArray, maps: Maps, rank: int, batch: int) -> NDArray[np.float32]:
    """Return the leading right singular vectors of the layer's outputs, shape (units, rank)."""
    moments = np.zeros((kernel.shape[1],) * 2)
    for start in range(0, len(maps), batch):
        features = trunk.predict_on_batch(maps.batch(np.arange(start, start + batch) % len(maps)))
        outputs = np.asarray(features) @ kernel
        moments += outputs.T @ outputs
    _, vectors = np.linalg.eigh(moments)
    return vectors[:, ::-1][:, :rank].astype(np.float32)
