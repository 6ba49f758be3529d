"""Measures of classifiers against the paper's own table 5."""

import numpy as np
import pytest

from training.evaluate.paper.confusion import agreement, class_measures, confusion_matrix
from training.evaluate.paper.reproduce import PAPER_CONFUSION

# Sensitivity, specificity, PPV and NPV in percent, as the paper prints them; high, medium, low.
PAPER_MEASURES = {
    "dnn": [[100, 70, 62.5, 100], [50, 75, 50, 75], [30, 95, 75, 73.1]],
    "cnn": [[100, 60, 55.6, 100], [40, 80, 50, 72.7], [30, 95, 75, 73.1]],
}


@pytest.mark.parametrize("model", PAPER_CONFUSION)
def test_measures_of_the_papers_matrices_are_the_papers(model):
    measures = 100 * class_measures(PAPER_CONFUSION[model])
    assert np.allclose(measures, PAPER_MEASURES[model], atol=0.06)


def test_agreements_are_the_papers():
    assert agreement(PAPER_CONFUSION["dnn"]) == pytest.approx(0.60)
    assert agreement(PAPER_CONFUSION["cnn"]) == pytest.approx(0.567, abs=5e-4)


def test_matrix_counts_pairs():
    matrix = confusion_matrix(["high", "high", "low"], ["high", "medium", "low"])
    assert matrix.tolist() == [[1, 1, 0], [0, 0, 0], [0, 0, 1]]
    assert np.isnan(class_measures(matrix)[1, 0])
