"""When a training is over, at which rate it learns, and when it is scored: two rules.

`ByTime` is that of what ships by default; `ByPatience` that of the paper's networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from training.models.state import State

WARM_UP = 0.03


class Schedule(Protocol):
    """What the loop needs of a rule."""

    batch: int
    seed: int
    keeps_best: bool

    @property
    def seconds_of_a_call(self) -> float:
        """After so many seconds a call stops, to be resumed by the next."""

    def over(self, state: State) -> bool:
        """Tell whether training is over."""

    def rate(self, state: State) -> float | None:
        """Return the learning rate; None leaves it to the optimizer."""

    def scores_now(self, state: State, saves: bool) -> bool:
        """Tell whether validation examples are scored now; ``saves`` if a checkpoint is due."""

    def minutes_left(self, state: State) -> float:
        """Return how long it takes at most."""


@dataclass(frozen=True)
class ByTime:
    """The learning rate follows the time spent, so that any machine gets a whole training.

    Attributes
    ----------
    minutes : of training altogether, over all pieces
    batch : examples per step
    seed : of start, order and augmentation
    peak_rate : the largest learning rate, that of the first piece for all of them; a network that
        was trained before wants less
    """

    minutes: float = 60.0
    batch: int = 32
    seed: int = 0
    peak_rate: float = 1.5e-3
    keeps_best = False
    seconds_of_a_call = float("inf")

    def over(self, state: State) -> bool:
        """Tell whether the minutes are spent."""
        return state.seconds >= 60 * self.minutes

    def rate(self, state: State) -> float:
        """Return the learning rate: warm-up, then half a cosine."""
        peak = state.notes.setdefault("peak_rate", self.peak_rate)
        fraction = state.seconds / (60 * self.minutes)
        if fraction < WARM_UP:
            return peak * max(fraction / WARM_UP, 0.01)
        return peak * max(0.5 * (1 + np.cos(np.pi * min(1.0, fraction))), 1e-3)

    def scores_now(self, state: State, saves: bool) -> bool:
        """Score with every checkpoint."""
        return saves

    def minutes_left(self, state: State) -> float:
        """Return how many of the minutes are left."""
        return self.minutes - state.seconds / 60


@dataclass(frozen=True)
class ByPatience:
    """Training stops once scores have not become better for long enough.

    Attributes
    ----------
    batch : examples per step
    steps_per_check : steps between two scores of the validation examples
    patience : scores without a smaller validation loss before training stops
    max_steps : training stops here at the latest
    minutes : and after so much time of this call, to be resumed by the next
    seed : of start, order and dropout
    """

    batch: int
    steps_per_check: int
    patience: int
    max_steps: int
    minutes: float = 1e9
    seed: int = 0
    keeps_best = True

    @property
    def seconds_of_a_call(self) -> float:
        """After so many seconds a call stops."""
        return 60 * self.minutes

    def over(self, state: State) -> bool:
        """Tell whether steps or patience are used up."""
        return state.step >= self.max_steps or state.checks_since_best >= self.patience

    def rate(self, state: State) -> None:
        """Leave the learning rate to the optimizer."""

    def scores_now(self, state: State, saves: bool) -> bool:
        """Score at every so many steps, and at the last."""
        return state.step % self.steps_per_check == 0 or state.step == self.max_steps

    def minutes_left(self, state: State) -> float:
        """Return how long the steps that are left take."""
        return (self.max_steps - state.step) * state.seconds / max(1, state.step) / 60
