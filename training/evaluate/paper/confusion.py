"""Confusion matrices of the three classes, and the measures computed from them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mapres.features.distribution import CLASSES

MEASURES = ("sensitivity", "specificity", "PPV", "NPV")


def confusion_matrix(published: Sequence[str], found: Sequence[str]) -> NDArray[np.intp]:
    """Count maps: row = published class, column = found class, in the order of `CLASSES`."""
    matrix = np.zeros((len(CLASSES),) * 2, dtype=np.intp)
    for row, column in zip(published, found, strict=True):
        matrix[CLASSES.index(row), CLASSES.index(column)] += 1
    return matrix


def class_measures(matrix: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return sensitivity, specificity, positive and negative predictive value of each class.

    With every map in one class entirely, the partial memberships of Beleites et al. 2013
    (Chemom. Intell. Lab. Syst. 122, 12) are the usual counts of one class against the rest.

    Returns
    -------
    array, shape (3, 4), NaN where nothing was published or found as a class
    """
    right = np.diag(matrix).astype(float)
    published, found = matrix.sum(axis=1), matrix.sum(axis=0)
    neither = matrix.sum() - published - found + right
    others = matrix.sum() - np.stack([published, found])
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack(
            [right / published, neither / others[0], right / found, neither / others[1]], axis=1
        )


def agreement(matrix: NDArray[np.intp]) -> float:
    """Return the fraction of maps whose class was found as published."""
    return float(np.trace(matrix) / matrix.sum())
