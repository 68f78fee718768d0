"""step-by-step: one gradient step after each duel, and a random opponent ever more rarely."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

import banditlab
from banditlab.numerics.linear import dot
from banditlab.types import Positive, Vector


@banditlab.policy("step-by-step", game="dueling", needs=("features",))
@dataclass(frozen=True)
class StepByStep:
    """The arm of the largest x'theta duels with itself; with probability 1 / sqrt(t), t = 1, 2, ..., with any arm.

    theta follows the gradient of the logistic likelihood of the last duel, with steps rate / sqrt(t).
    """

    rate: Positive = 1.0  #: size of the first step

    class State(NamedTuple):
        theta: Vector  #: (d,)
        rate: float

    def start(self, problem, rng) -> State:
        return self.State(np.zeros(problem.dim), self.rate)

    @staticmethod
    def choose(state, t, features, rng):
        arms = features.shape[0]
        best, first = -math.inf, 0
        for k in range(arms):
            score = dot(features[k], state.theta)
            if score > best:
                best, first = score, k
        explores = rng.random() < 1.0 / math.sqrt(t + 1.0)
        return first, int(rng.random() * arms) if explores else first

    @staticmethod
    def learn(state, t, features, first, second, won):
        margin = dot(features[first], state.theta) - dot(features[second], state.theta)
        surprise = (1.0 if won else 0.0) - 1.0 / (1.0 + math.exp(-margin))
        for i in range(state.theta.shape[0]):
            slope = features[first, i] - features[second, i]
            state.theta[i] += state.rate / math.sqrt(t + 1.0) * surprise * slope
