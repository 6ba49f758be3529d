"""Scores of reconstructions: a truth that is known gets the scores that it must."""

import csv

import numpy as np
import pytest

from training.evaluate import reconstructions as scoring
from training.evaluate.claims import FACTORS, share
from training.particles.sets import stored


@pytest.fixture(scope="module")
def tables(reconstructions, tmp_path_factory):
    out = tmp_path_factory.mktemp("results")
    scoring.evaluate_reconstructions(reconstructions, "validation", out)
    return out


def read(path):
    with open(path, newline="") as stream:
        return list(csv.DictReader(stream))


def test_relion_that_is_a_tenth_too_coarse_everywhere_is_said_to_be(tables):
    (row,) = [
        row
        for row in read(tables / "reconstructed-local-validation.csv")
        if row["method"] == "RELION"
    ]
    assert row["mean relative error"] == "10.0%" and row["ratio of medians"] == "1.100"
    assert row["with the median set right"] == "0.0%" and row["90% interval holds it"] == "-"


def test_every_treatment_and_every_claim_is_judged(tables):
    results = read(tables / "reconstructed-validation-maps.csv")
    assert [row["treatment"] for row in results] == [*scoring.TREATMENTS, scoring.HALF_MAPS]
    claims = [name for name in results[0] if name.startswith("claim_")]
    assert len(claims) == len(FACTORS)
    for row in results:
        ratio = float(row["resolution_A"]) / float(row["true_A"])
        assert 0.7 < ratio < 1.4
        assert row["claim_0.6"] == "optimistic"


def test_shares_of_verdicts_add_up():
    results = [{"claim_0.9": verdict} for verdict in ("consistent", "optimistic", "consistent")]
    assert share(results, 0.9, "consistent") == pytest.approx(2 / 3)
    assert share(results, 0.9, "inconclusive") == 0


def test_the_operating_curve_is_drawn(tables):
    assert (tables / "reconstructed-validation.png").stat().st_size > 10_000


def test_methods_are_drawn_beside_each_other(tables):
    assert (tables / "reconstructed-local-validation.png").stat().st_size > 10_000


def test_local_scores_are_of_the_core_only(reconstructions):
    (made,) = stored(reconstructions)
    core, truth = made.core, made.values("truth")
    values = truth * np.linspace(0.9, 1.2, truth.size, dtype=np.float32).reshape(truth.shape)
    score = scoring._local_score(made, "any", values, truth, core)
    same = scoring._local_score(made, "any", np.where(core, values, 99), truth, core)
    assert same == pytest.approx(score, nan_ok=True)
    assert 0 < score["error_scaled"] < score["error"] < 0.2
