"""Training in pieces: it goes on where it was, and stops by time or for want of progress."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from training.models import curve, loop
from training.models.loop import train
from training.models.schedule import ByPatience, ByTime
from training.models.state import State, stored_state

SCHEDULE = ByPatience(batch=15, steps_per_check=6, patience=50, max_steps=60)


class Points:
    """Three clouds of points that a line can part, moved a little every time they are seen."""

    def __init__(self, count=90):
        rng = np.random.default_rng(0)
        self.labels = np.arange(count, dtype=np.int32) % 3
        self.values = rng.standard_normal((count, 4)).astype(np.float32)
        self.values[:, 0] += 4 * self.labels

    def __len__(self):
        return len(self.values)

    def batch(self, indices, rng):
        values = self.values[indices]
        return values + 0.1 * rng.standard_normal(values.shape), self.labels[indices]


def build(_state):
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.SGD(0.01), loss, metrics=["accuracy"])
    return network


def score(network, points):
    loss, accuracy = network.test_on_batch(points.values, points.labels)
    network.reset_metrics()
    return {"validation loss": loss, "validation accuracy": accuracy}


def run(folder, schedule, build=build, score=score):
    points = Points()
    return train(build, lambda split: points, score, folder, schedule)


def test_pieces_are_the_whole(tmp_path):
    whole, _ = run(tmp_path / "whole", SCHEDULE)
    folder = tmp_path / "pieces"
    # 24 and 38 steps are in the midst of a pass of 6.
    for max_steps in (26, 38):
        run(folder, replace(SCHEDULE, max_steps=max_steps))
    assert stored_state(folder).step == 38
    # A score after the last checkpoint, whose steps were lost, is taken anew.
    with open(folder / "curve.csv", "a") as stream:
        stream.write("42,1,1,1,1,1\n")
    pieces, _ = run(folder, SCHEDULE)
    for first, second in zip(whole.get_weights(), pieces.get_weights(), strict=True):
        assert np.array_equal(first, second)
    start = score(build(None), Points())["validation loss"]
    assert score(whole, Points())["validation loss"] < start - 0.1
    rows = curve.read_curve(folder / "curve.csv")
    assert [int(row["step"]) for row in rows] == sorted({*range(6, 61, 6), 26, 38})
    assert [*rows[0]] == ["step", "minutes", "loss", "accuracy",
                          "validation loss", "validation accuracy"]  # fmt: skip


def test_a_pass_sees_every_example_once_in_another_order():
    state, passes = State(), []
    for _ in range(2):
        seen = []
        while len(indices := loop._indices(state, 90, SCHEDULE)):
            seen.append(indices)
            state.step += 1
        state.pass_start = state.step
        passes.append(np.concatenate(seen))
    assert all(np.array_equal(np.sort(seen), np.arange(90)) for seen in passes)
    assert not np.array_equal(*passes)


def test_training_stops_without_progress_and_keeps_the_best(tmp_path):
    losses = iter([3.0, 2.0, 2.5, 2.0, 9.0, 1.0])
    schedule = replace(SCHEDULE, steps_per_check=1, patience=3, max_steps=1000)
    network, state = run(tmp_path, schedule, score=lambda *_: {"validation loss": next(losses)})
    # The second score is the best; three more are no better.
    assert (state.step, state.best_step) == (5, 2) and schedule.over(stored_state(tmp_path))
    best = keras.models.load_model(tmp_path / "best.keras")
    assert not np.array_equal(best.get_weights()[0], network.get_weights()[0])
    assert curve.summary(tmp_path)["best_step"] == 2


def test_a_call_without_time_takes_a_step_and_can_be_resumed(tmp_path):
    _, state = run(tmp_path, replace(SCHEDULE, minutes=0))
    assert state.step == 1 and not SCHEDULE.over(state)
    assert (tmp_path / "checkpoint.keras").exists() and not (tmp_path / "best.keras").exists()


def test_minutes_are_those_of_all_pieces_and_the_peak_rate_that_of_the_first(tmp_path):
    spent = 0.0
    for peak in (1e-4, 1e-3):
        schedule = ByTime(minutes=spent + 1e-6, batch=15, peak_rate=peak)
        _, state = run(tmp_path, schedule)
        spent = state.seconds / 60
    assert state.notes["peak_rate"] == 1e-4 and state.step == 2
    files = sorted(tmp_path.iterdir())
    before = [path.read_bytes() for path in files]
    assert "best.keras" not in {path.name for path in files}
    # 60 (s / 60) is more than s for one s in forty, and asks for one more step.
    run(tmp_path, replace(schedule, minutes=0.999 * spent))
    assert [path.read_bytes() for path in files] == before


def test_checkpoints_are_at_most_five_minutes_apart(tmp_path, monkeypatch):
    clock = iter(range(0, 10**6, 25))
    monkeypatch.setattr(loop.time, "monotonic", lambda: next(clock))
    saved, save = [], loop.save

    def noted(network, folder, state):
        saved.append(state.step)
        save(network, folder, state)

    monkeypatch.setattr(loop, "save", noted)
    run(tmp_path, replace(SCHEDULE, steps_per_check=1000))
    assert len(saved) > 4 and max(np.diff([0, *saved])) * 25 <= 300


@pytest.mark.parametrize("minutes", [1.0, 60.0])
def test_the_rate_rises_then_falls_to_nothing(minutes):
    rule = ByTime(minutes=minutes)
    rates = [rule.rate(State(seconds=60 * minutes * f)) for f in np.linspace(0, 1, 50)]
    peak = int(np.argmax(rates))
    assert 0 < peak < 5 and rates[-1] < 0.01 * rates[peak]
    assert np.all(np.diff(rates[: peak + 1]) > 0) and np.all(np.diff(rates[peak:]) <= 0)
