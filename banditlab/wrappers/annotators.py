"""Annotators of unequal reliability: several people report an outcome that is true or false, and some of them err.

The model with one error rate for each annotator: A. P. Dawid, A. M. Skene. Maximum likelihood estimation of observer
error-rates using the EM algorithm. Applied Statistics 28, 1979 (from memory).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.hashing import uniform
from banditlab.registry import wrapper
from banditlab.types import Count, Probability, Vector


@wrapper("annotators", cite="dawid1979maximum")
@dataclass(frozen=True)
class Annotators:
    """Each round is shown to `votes` annotators who follow one another, the first drawn at random; the majority counts.

    Annotator i reports the outcome as it was with probability reliability[i], independently, else the opposite.
    """

    reliability: tuple[Probability, ...] = (0.95, 0.9, 0.8, 0.7, 0.6)
    votes: Count = 1  #: odd, at most the number of annotators

    class State(NamedTuple):
        coins: np.uint64  #: key of the stream of errors
        reliability: Vector
        votes: int

    def __post_init__(self):
        if not self.reliability:
            raise ValueError("reliability: at least one annotator, got none")
        if self.votes % 2 == 0 or self.votes > len(self.reliability):
            raise ValueError(
                f"votes: odd, and at most the number of annotators, {len(self.reliability)}; got {self.votes}"
            )

    def start(self, shelf, noise, horizon) -> State:
        return self.State(noise, np.array(self.reliability), self.votes)

    @staticmethod
    def truth(own, t, which, value):
        n, right = own.reliability.shape[0], 0
        first = int(uniform(own.coins, n, t) * n)
        for i in range(own.votes):
            annotator = (first + i) % n
            if uniform(own.coins, annotator, t) < own.reliability[annotator]:
                right += 1
        return value if 2 * right > own.votes else not value
