"""Distributions over resolution: the bins that the networks predict, and what is read from them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# 64 bins of 5 % each, from 1.5 to 36.9 Å.
EDGES = 1.5 * np.exp(0.05 * np.arange(65))
CENTRES = np.sqrt(EDGES[:-1] * EDGES[1:])
BINS = len(CENTRES)


def soft_targets(resolution: NDArray, width: float = 0.05) -> NDArray[np.float32]:
    """Return one row of bin probabilities per resolution (Å): a Gaussian of ``width`` in ln Å."""
    offset = (np.log(CENTRES) - np.log(np.asarray(resolution))[:, None]) / width
    density = np.exp(-0.5 * offset**2)
    return (density / density.sum(axis=1, keepdims=True)).astype(np.float32)


def quantile(probabilities: NDArray, level: float) -> float:
    """Return the resolution (Å) below which ``level`` of the distribution lies."""
    cumulative = np.concatenate([[0.0], np.cumsum(probabilities)])
    # A strictly rising copy: np.interp needs one, and empty bins hold nothing anyway.
    cumulative = cumulative / cumulative[-1] + 1e-12 * np.arange(len(cumulative))
    return float(np.exp(np.interp(level, cumulative, np.log(EDGES))))


def probability_below(probabilities: NDArray, limit: float) -> float:
    """Return the probability that the resolution is finer than ``limit`` (Å)."""
    cumulative = np.concatenate([[0.0], np.cumsum(probabilities)])
    return float(np.interp(limit, EDGES, cumulative) / cumulative[-1])
