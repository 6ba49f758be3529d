"""Distributions over resolution: the bins that the networks predict, classes and quantiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

CLASSES = ("high", "medium", "low")
# Å; a resolution of exactly 5 is medium, of exactly 10 low.
CLASS_LIMITS = (5.0, 10.0)

# 64 bins of 5% each, from 1.5 to 36.2 Å; both class limits are edges.
EDGES = 5.0 * 2.0 ** ((np.arange(65) - 24) / 14)
CENTERS = np.sqrt(EDGES[:-1] * EDGES[1:])
BINS = len(CENTERS)


def class_of(resolution: NDArray | float) -> NDArray[np.intp]:
    """Return the index in `CLASSES` of resolutions in Å."""
    return np.searchsorted(CLASS_LIMITS, resolution, side="right")


def ln_mean(probabilities: NDArray) -> float:
    """Return the mean of a distribution over resolution, ln Å."""
    return float(probabilities @ np.log(CENTERS) / probabilities.sum())


def ln_deviation(probabilities: NDArray) -> float:
    """Return the standard deviation of a distribution over resolution, in ln Å."""
    squares = (np.log(CENTERS) - ln_mean(probabilities)) ** 2
    return float(np.sqrt(probabilities @ squares / probabilities.sum()))


def quantile(probabilities: NDArray, level: float) -> float:
    """Return the resolution (Å) below which ``level`` of the distribution lies."""
    return float(np.exp(quantiles(probabilities, (level,), np.log(EDGES))[0]))


def quantiles(probabilities: NDArray, levels: Sequence[float], edges: NDArray) -> NDArray:
    """Return quantiles of distributions: (..., bins) to (..., levels).

    ``edges`` are those of the bins; within a bin a distribution is uniform.
    """
    cumulative = np.cumsum(probabilities, axis=-1)
    total = cumulative[..., -1:].copy()
    cumulative /= total
    edges = edges.astype(probabilities.dtype)
    out = np.empty((*probabilities.shape[:-1], len(levels)), dtype=probabilities.dtype)
    for k, level in enumerate(levels):
        above = np.argmax(cumulative >= level, axis=-1)[..., None]
        upper = np.take_along_axis(cumulative, above, axis=-1)[..., 0]
        within = (np.take_along_axis(probabilities, above, axis=-1) / total)[..., 0]
        fraction = 1 - np.clip((upper - level) / np.maximum(within, 1e-12), 0, 1)
        bins = above[..., 0]
        out[..., k] = edges[bins] + fraction * (edges[bins + 1] - edges[bins])
    return out


def probability_below(probabilities: NDArray, limit: float) -> float:
    """Return the probability that the resolution is finer than ``limit`` (Å)."""
    cumulative = np.concatenate([[0.0], np.cumsum(probabilities)])
    return float(np.interp(limit, EDGES, cumulative) / cumulative[-1])
