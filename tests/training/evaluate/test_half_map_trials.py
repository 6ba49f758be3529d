"""Half maps with faults, what is said of them, and the subcommand that counts it."""

import csv

import numpy as np
import pytest

from training.__main__ import main
from training.evaluate.half_maps import RECONSTRUCTED, SOUND, UNMOVED, Trial, rows
from training.simulate.half_map_faults import DIPPING, FAULTS, low_pass


@pytest.mark.parametrize("shape", ["sigmoid", "Butterworth", "Gaussian edge", "raised cosine"])
def test_filters_halve_the_amplitude_at_their_resolution(shape):
    gain = low_pass(8.0, shape)
    assert gain(np.array([1 / 8.0**2]))[0] == pytest.approx(0.5)
    assert gain(np.array([1 / 12.0**2]))[0] > 0.97 and gain(np.array([1 / 4.0**2]))[0] < 0.01


def test_trials_are_counted_by_kind():
    true, false = ("consistent", "optimistic"), ("inconclusive", "inconclusive")
    fault = next(iter(FAULTS))
    trials = [Trial(SOUND, False, true), Trial(SOUND, True, false), Trial(fault, True, false)]
    assert rows(trials) == [
        [SOUND, 2, "50.0%", "50.0%", "50.0%", "0.0%", "50.0%"],
        [fault, 1, "100.0%", "0.0%", "100.0%", "0.0%", "100.0%"],
    ]


def test_the_subcommand_tries_sound_half_maps_and_faults(packed, tmp_path, monkeypatch):
    words = ["training", "half-maps", "--data", str(packed), "--maps", "5", "--out", str(tmp_path)]
    words += ["--reconstructions", str(tmp_path / "none")]
    monkeypatch.setattr("sys.argv", words)
    main()
    table = list(csv.DictReader((tmp_path / "half-maps.csv").read_text("utf-8").splitlines()))
    kinds = {row["half maps"]: int(row["n"]) for row in table}
    # Noise in a band is counted by whether it moves the FSC.
    kinds[DIPPING] = kinds.get(DIPPING, 0) + kinds.get(UNMOVED, 0)
    assert set(FAULTS) <= set(kinds) and RECONSTRUCTED not in kinds
    assert kinds[SOUND] == 5 and all(kinds[name] == 1 for name in FAULTS)
