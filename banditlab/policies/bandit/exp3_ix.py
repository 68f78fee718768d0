"""EXP3-IX: exponential weights with implicit exploration (Neu 2015, Algorithm 1).

G. Neu. Explore no more: improved high-probability regret bounds for non-stochastic bandits. NeurIPS 2015.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

from banditlab.numerics.exponential import Exponential, add_estimate, draw_action, drawn_with, start_exponential
from banditlab.registry import policy


@policy(
    "exp3-ix",
    game="bandit",
    needs=("bounded-rewards", "prompt-feedback"),
    told=("horizon",),
    growth={"static-regret": "sqrt T", "regret": "sqrt T"},
    cite=("neu2015explore",),
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
        learner: Exponential
        scale: float  #: eta, or eta_t sqrt(t)
        anytime: bool

    def start(self, problem, rng) -> State:
        arms, anytime = problem.arms, self.tuning == "anytime"
        scale = math.sqrt(math.log(arms) / arms)
        if not anytime:
            scale *= math.sqrt(2.0 / problem.horizon)
        return self.State(start_exponential(arms), scale, anytime)

    @staticmethod
    def choose(state, t, features, rng):
        return draw_action(state.learner, _eta(state, t), rng)

    @staticmethod
    def probability(state, t, features, arm):
        return drawn_with(state.learner, arm)

    @staticmethod
    def learn(state, t, features, arm, reward):
        add_estimate(state.learner, arm, 1.0 - reward, 0.5 * _eta(state, t))


def _eta(state, t):
    return state.scale / math.sqrt(t + 1) if state.anytime else state.scale
