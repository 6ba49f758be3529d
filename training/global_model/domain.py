"""The domain of the default network: the space of its training maps' profiles, and its limit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mapres.networks.domain import Domain

# Principal axes: with 24 the distance tells maps that were resampled after a threshold, averages of
# membranes and crystals from those of validation; with 12 it does less well.
AXES = 24
# Of the held-out maps, simulated and reconstructed alike, so many are within the limit.
WITHIN = 99.0


def training_profiles(patches: Path) -> NDArray[np.float32]:
    """Return the profile of every training map, shape (n, POINTS)."""
    profiles = [np.load(path)["profile"] for path in sorted(patches.glob("train-*.npz"))]
    rows = np.concatenate(profiles).astype(np.float32)
    rows = rows.reshape(len(rows), -1)
    # Patches of one map follow each other, each with the profile of the map.
    changed = np.any(np.diff(rows, axis=0), axis=1)
    return rows[np.concatenate([[True], changed])]


def fit_domain(training: NDArray[np.float32], *held_out: NDArray[np.float32]) -> dict:
    """Return a card's entry, see `mapres.networks.domain`.

    Parameters
    ----------
    training : profiles of the training maps, shape (n, POINTS)
    held_out : those of sets of other maps, likewise; the limit is the largest of theirs
    """
    mean = training.mean(axis=0)
    _, _, axes = np.linalg.svd(training - mean, full_matrices=False)
    mean, axes = np.round(mean, 4), np.round(axes[:AXES], 4)
    space = Domain(mean, axes, 1.0)
    limits = [
        np.percentile([space.distance(profile) for profile in profiles], WITHIN)
        for profiles in held_out
    ]
    # As Python numbers of four digits, as JSON writes them.
    return {
        "mean": [round(float(v), 4) for v in mean],
        "axes": [[round(float(v), 4) for v in axis] for axis in axes],
        "limit": round(float(max(limits)), 4),
    }
