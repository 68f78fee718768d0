"""EXP3-IX: exponential weights with implicit exploration (Neu 2015, Algorithm 1).

G. Neu. Explore no more: improved high-probability regret bounds for non-stochastic bandits. NeurIPS 2015.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.exponential import exponential_weights
from banditlab.numerics.sampling import draw_weighted
from banditlab.registry import policy
from banditlab.types import Vector


@policy(
    "exp3-ix",
    game="bandit",
    needs=("bounded-rewards",),
    told=("horizon",),
    growth={"static-regret": "sqrt T", "regret": "sqrt T"},
)
@dataclass(frozen=True)
class EXP3IX:
    """Exponential weights on losses that are estimated too low, by loss / (p + gamma) for the arm played.

    p is proportional to exp(-eta_t L), with L the sums of estimated losses; the loss is 1 - reward, for rewards in
    [0, 1]. Tuning "anytime": eta_t = 2 gamma_t = sqrt(ln K / (K t)), t = 1, 2, ... Tuning "horizon":
    eta = 2 gamma = sqrt(2 ln K / (K T)).

    The paper's bound is on the regret to the best fixed arm, and holds with high probability too.
    """

    tuning: Literal["anytime", "horizon"] = "anytime"  #: whether the rates decrease, or stay and are tuned to T

    class State(NamedTuple):
        losses: Vector  #: (K,) sums of estimated losses
        weights: Vector  #: (K,) of the round, not normalised
        total: Vector  #: (1,) their sum
        scale: float  #: eta, or eta_t sqrt(t)
        anytime: bool

    def start(self, problem, rng) -> State:
        arms, anytime = problem.arms, self.tuning == "anytime"
        scale = math.sqrt(math.log(arms) / arms)
        if not anytime:
            scale *= math.sqrt(2.0 / problem.horizon)
        return self.State(np.zeros(arms), np.zeros(arms), np.zeros(1), scale, anytime)

    @staticmethod
    def choose(state, t, features, rng):
        state.total[0] = exponential_weights(state.losses, _eta(state, t), state.weights)
        return draw_weighted(rng, state.weights, state.total[0])

    @staticmethod
    def learn(state, t, features, arm, reward):
        chance = state.weights[arm] / state.total[0]
        state.losses[arm] += (1.0 - reward) / (chance + 0.5 * _eta(state, t))


def _eta(state, t):
    return state.scale / math.sqrt(t + 1) if state.anytime else state.scale
