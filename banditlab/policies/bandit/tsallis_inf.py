"""Tsallis-INF: the leader regularised by Tsallis entropy of power 1/2 (Zimmert and Seldin 2021, Algorithm 1).

J. Zimmert, Y. Seldin. Tsallis-INF: an optimal algorithm for stochastic and adversarial bandits. JMLR 22, 2021.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.sampling import draw_weighted
from banditlab.numerics.tsallis import tsallis_weights
from banditlab.registry import policy
from banditlab.types import Vector


@policy(
    "tsallis-inf",
    game="bandit",
    needs=("bounded-rewards", "prompt-feedback"),
    growth={"static-regret": "sqrt T", "regret": "sqrt T"},
    cite=("zimmert2021tsallis",),
)
@dataclass(frozen=True)
class TsallisINF:
    """Draws from w, the least <w, L> - (4 / eta_t) sum sqrt(w_i), with L the sums of estimated losses.

    That is w_i = 4 / (eta_t (L_i - x))^2 with x such that they sum to 1. The loss is 1 - reward, for rewards in [0, 1].
    Estimator "iw", importance weighting: loss / w for the arm played, 0 for the others, and eta_t = 2 / sqrt(t).
    Estimator "rv", of reduced variance: 1{played} (loss - B) / w + B with B = 1/2 where w >= eta_t^2, else 0, and
    eta_t = 4 / sqrt(t); t = 1, 2, ...

    The paper's bound is on the regret to the best fixed arm: sqrt(T) against any losses, and ln T where one arm is
    better than the others by a gap throughout, whatever else the losses do.
    """

    estimator: Literal["iw", "rv"] = "rv"  #: of losses

    class State(NamedTuple):
        losses: Vector  #: (K,) sums of estimated losses
        weights: Vector  #: (K,) of the round
        reduced: bool

    def start(self, problem, rng) -> State:
        return self.State(np.zeros(problem.arms), np.zeros(problem.arms), self.estimator == "rv")

    @staticmethod
    def choose(state, t, features, rng):
        tsallis_weights(state.losses, _eta(state, t), state.weights)
        return draw_weighted(rng, state.weights, 1.0)

    @staticmethod
    def probability(state, t, features, arm):
        return state.weights[arm]

    @staticmethod
    def learn(state, t, features, arm, reward):
        loss = 1.0 - reward
        if state.reduced:
            threshold = _eta(state, t) ** 2
            if state.weights[arm] >= threshold:
                loss -= 0.5
            for k in range(state.losses.shape[0]):
                if state.weights[k] >= threshold:
                    state.losses[k] += 0.5
        state.losses[arm] += loss / state.weights[arm]


def _eta(state, t):
    return (4.0 if state.reduced else 2.0) / math.sqrt(t + 1)
