"""Corrupted feedback: some outcomes are changed before the policy learns of them.

The setting of T. Lykouris, V. Mirrokni, R. Paes Leme. Stochastic bandits robust to adversarial corruptions. STOC 2018
(from memory), with an adversary who does not see what is played.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.hashing import uniform
from banditlab.registry import wrapper
from banditlab.types import Count, Positive, Probability


@wrapper("corrupted", cite="lykouris2018stochastic")
@dataclass(frozen=True)
class Corrupted:
    """The outcome of a round is corrupted with probability `rate`, the same rounds for all policies.

    One that is true or false is reversed. Numbers are shifted by `size`, each number of an outcome in a direction of
    its own; where the game or the environment bounds them, they stay within these bounds. What is earned and paid, and
    all metrics, are of the true outcomes.
    """

    rate: Probability = 0.1
    size: Positive = 1.0  #: of a shift, in the units of the outcome
    direction: Literal["random", "up", "down"] = "random"
    until: Count | None = None  #: only the first so many rounds; all by default

    class State(NamedTuple):
        coins: np.uint64  #: key of the stream that decides
        rate: float
        size: float
        direction: int
        until: int

    def start(self, shelf, noise, horizon) -> State:
        direction = {"random": 0, "up": 1, "down": -1}[self.direction]
        return self.State(noise, self.rate, self.size, direction, self.until or horizon)

    @staticmethod
    def number(own, t, which, place, value):
        if not corrupts(own, t):
            return value
        up = own.direction > 0 or (own.direction == 0 and uniform(own.coins, 1 + place, t) < 0.5)
        return value + own.size if up else value - own.size

    @staticmethod
    def truth(own, t, which, value):
        return not value if corrupts(own, t) else value


def corrupts(own, t):
    """Return whether the outcome of round t is corrupted."""
    return t < own.until and uniform(own.coins, 0, t) < own.rate
