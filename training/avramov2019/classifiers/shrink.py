"""The paper's classifiers made small: a truncated SVD of the big dense layer, then float16.

The layer holds all but 2% of the weights (65,536 × 1,024 in the CNN, 262,144 × 1,000 in the dense
network). Of its kernel W only what changes the logits matters. With M = S² the mean square of the
logits' gradient by the layer's outputs Z, over some training maps, and U the leading right
singular vectors of Z S, W becomes (W S U) (Uᵀ S⁻¹). At rank 128 that keeps the class of 99.6% of
maps where singular vectors of Z alone keep 98.9%. The dense network's W, whose rows are voxels of
smooth maps, is cut first to the leading 32 of 64 singular vectors along each axis of the box.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mapres.features.avramov2019 import BOX
from training.avramov2019.fitting import Maps

# Added to M's diagonal, of its mean: some units never fire.
FLOOR = 1e-3
DERIVATIVES = {
    "relu": lambda out: (out > 0).astype(out.dtype),
    "tanh": lambda out: 1 - out**2,
    "linear": np.ones_like,
}


def shrunk(exact, maps: Maps, rank: int, along: int | None = None, batch: int = 25):
    """Return a network of logits for boxes, (n, 64, 64, 64, 1), whose big layer has rank ``rank``.

    Parameters
    ----------
    exact : one of `networks.dnn`, `networks.cnn`, trained
    maps : training maps by which what is kept is chosen
    rank : how many combinations of the layer's inputs are kept
    along : of a layer whose inputs are voxels, how many singular vectors are kept along each axis
    """
    import keras
    from keras import layers

    place = int(np.argmax([layer.count_params() for layer in exact.layers]))
    before, big, after = exact.layers[:place], exact.layers[place], exact.layers[place + 1 :]
    kernel, bias = big.get_weights()
    if along is not None:
        before, kernel = _along_axes(kernel, along)
    trunk = keras.Sequential([keras.Input((BOX, BOX, BOX, 1)), *before])
    outputs = []
    for start in range(0, len(maps), batch):
        indices = np.arange(start, min(start + batch, len(maps)))
        outputs.append(np.asarray(trunk.predict_on_batch(maps.batch(indices))) @ kernel)
    down, up = _factors(np.concatenate(outputs) + bias, [big, *after], rank)
    # Names of their own: a loaded network's layers are called dense, dense_1, ... already.
    narrow = layers.Dense(rank, use_bias=False, name="narrow")
    wide = layers.Dense(kernel.shape[1], activation=big.activation, name="wide")
    small = keras.Sequential([*trunk.layers, narrow, wide, *after], name=exact.name)
    small.build((None, BOX, BOX, BOX, 1))
    narrow.set_weights([kernel @ down])
    wide.set_weights([up, bias])
    return small


def _factors(outputs: NDArray, layers: list, rank: int) -> tuple[NDArray, NDArray]:
    """Return S U and Uᵀ S⁻¹, shapes (units, rank) and (rank, units)."""
    moment = _sensitivity(outputs, layers)
    moment += FLOOR * np.trace(moment) / len(moment) * np.eye(len(moment))
    values, vectors = np.linalg.eigh(moment)
    root, inverse = ((vectors * values**power) @ vectors.T for power in (0.5, -0.5))
    weighted = outputs.astype(np.float64) @ root
    leading = np.linalg.eigh(weighted.T @ weighted)[1][:, ::-1][:, :rank]
    return (root @ leading).astype(np.float32), (leading.T @ inverse).astype(np.float32)


def _sensitivity(outputs: NDArray, layers: list) -> NDArray[np.float64]:
    """Return M: gradients of the logits' differences by a dense layer's outputs, (units, units).

    ``outputs`` are before the activation of the first of ``layers``, all dense or dropout.
    """
    dense = [layer for layer in layers if layer.weights]
    states, values = [], outputs
    for number, layer in enumerate(dense):
        if number:
            kernel, bias = layer.get_weights()
            values = values @ kernel + bias
        name = layer.activation.__name__
        values = np.asarray(layer.activation(values))
        states.append(DERIVATIVES[name](values))
    moment = np.zeros((outputs.shape[1],) * 2)
    for one, other in ((0, 1), (1, 2), (0, 2)):
        gradient = np.zeros_like(states[-1])
        gradient[:, one], gradient[:, other] = 1, -1
        for layer, below in zip(dense[:0:-1], states[-2::-1], strict=True):
            gradient = gradient @ layer.get_weights()[0].T * below
        moment += gradient.T.astype(np.float64) @ gradient
    return moment / len(outputs)


def _along_axes(kernel: NDArray, count: int) -> tuple[list, NDArray]:
    """Return layers that cut a box to ``count`` numbers along each axis, and the kernel for them.

    The kernel is that of a dense layer on 64³ voxels; the numbers are products with its leading
    singular vectors along the axis (a truncated higher-order SVD).
    """
    from keras import layers

    cube = kernel.reshape(BOX, BOX, BOX, -1)
    stack: list = [layers.Reshape((BOX, BOX, BOX))]
    for axis in (2, 1, 0):
        basis = _leading_along(cube, axis, count)
        cube = np.moveaxis(np.tensordot(cube, basis, (axis, 0)), -1, axis)
        cut = layers.Dense(count, use_bias=False, name=f"along_{'zyx'[axis]}")
        cut.build((None, BOX))
        cut.set_weights([basis])
        # The axis before comes last now; after three permutations they are in order again.
        stack += [cut, layers.Permute((3, 1, 2))]
    return [*stack, layers.Flatten(name="flat")], cube.reshape(-1, kernel.shape[1])


def _leading_along(cube: NDArray, axis: int, count: int) -> NDArray[np.float32]:
    """Return the leading singular vectors along one axis, shape (voxels, count)."""
    products = np.zeros((cube.shape[axis],) * 2)
    for units in np.array_split(np.arange(cube.shape[3]), 20):
        rows = np.moveaxis(cube[..., units], axis, 0).reshape(cube.shape[axis], -1)
        products += rows @ rows.T
    return np.linalg.eigh(products)[1][:, ::-1][:, :count].astype(np.float32)
