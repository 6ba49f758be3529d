"""Coordinates of maps in the span of the training maps, in which the dense network trains fast.

Gradient descent only ever adds training maps to the weights of the first layer, and it commutes
with rotations. So the layer may as well be trained on coordinates along an orthonormal basis of
the training maps, n numbers per map instead of 64³: the same network, the same steps, and 10 to 20
times fewer operations. With K = X Xᵀ = L Lᵀ (Cholesky) the rows of L are such coordinates, and
weights W along the basis stand for Xᵀ L⁻ᵀ W on the voxels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular

Progress = Callable[[float, str], None]
# Maps held at once: 1,024 of 1 MB, twice.
BLOCK = 1024
# Products of so many voxels are added up in double precision: float32 alone loses 1e-6 of K.
CHUNK = 16384
# Added to the diagonal, of its mean: the 12.5 Å maps are nearly multiples of each other.
JITTER = 1e-5


@dataclass(frozen=True, eq=False)
class Span:
    """The basis of some training maps.

    Attributes
    ----------
    lower : float32 array, shape (n, n), the Cholesky factor: row k are map k's coordinates
    """

    lower: NDArray[np.float32]

    def coordinates(self, products: NDArray) -> NDArray[np.float32]:
        """Turn products with the training maps, shape (m, n), into coordinates (m, n)."""
        return solve_triangular(self.lower, products.T, lower=True).T.astype(np.float32)

    def on_voxels(self, weights: NDArray, maps, progress: Progress) -> NDArray[np.float32]:
        """Turn weights along the basis, shape (n, units), into weights on voxels."""
        mixture = solve_triangular(self.lower, weights, lower=True, trans="T").astype(np.float32)
        total: NDArray | float = 0.0
        for start in range(0, len(maps), BLOCK):
            progress(start / len(maps), "weights on voxels")
            block = _rows(maps, start)
            total = total + block.T @ mixture[start : start + len(block)]
        return np.asarray(total)


def span_of(products: NDArray[np.float64]) -> Span:
    """Return the basis of maps whose products with each other are (n, n)."""
    n = len(products)
    raised = products + JITTER * np.trace(products) / n * np.eye(n)
    return Span(cholesky(raised, lower=True, overwrite_a=True).astype(np.float32))


def products(maps, others, progress: Progress) -> NDArray[np.float64]:
    """Return the scalar products of two sets of maps, shape (len(maps), len(others)).

    Sets are anything with ``len`` and ``batch(indices)``; of one set with itself, half is computed.
    """
    out = np.zeros((len(maps), len(others)))
    same = maps is others
    starts = [range(0, len(each), BLOCK) for each in (maps, others)]
    pairs = [(i, j) for i in starts[0] for j in starts[1] if not same or j <= i]
    a, row = np.empty(0), -1
    for done, (i, j) in enumerate(pairs):
        progress(done / len(pairs), "products of maps")
        if i != row:
            a, row = _rows(maps, i), i
        b = a if same and i == j else _rows(others, j)
        part = sum(
            (a[:, k : k + CHUNK] @ b[:, k : k + CHUNK].T).astype(np.float64)
            for k in range(0, a.shape[1], CHUNK)
        )
        out[i : i + len(a), j : j + len(b)] = part
        if same:
            out[j : j + len(b), i : i + len(a)] = part.T
    return out


def _rows(maps, start: int) -> NDArray[np.float32]:
    indices = np.arange(start, min(start + BLOCK, len(maps)))
    return maps.batch(indices).reshape(len(indices), -1)
