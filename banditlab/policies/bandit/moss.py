"""MOSS: the minimax optimal strategy in the stochastic case (Audibert and Bubeck 2009), and its anytime form.

J.-Y. Audibert, S. Bubeck. Minimax policies for adversarial and stochastic bandits. COLT 2009.
R. Degenne, V. Perchet. Anytime optimal algorithms in stochastic multi-armed bandits. ICML 2016 (MOSS-anytime).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.indices import add_reward
from banditlab.registry import policy
from banditlab.sketches import Intervals, around
from banditlab.types import Count, Counts, Positive, Vector


@policy(
    "moss",
    game="bandit",
    told=("horizon",),
    growth={"regret": "log T"},
    cite=("audibert2009minimax", "degenne2016anytime"),
)
@dataclass(frozen=True)
class MOSS:
    """Each arm once, then the largest mean + sqrt(scale * max(ln(n / (K s)), 0) / s), s being the plays of the arm.

    MOSS has n = T and scale 1. With n = "anytime" it is MOSS-anytime: n is the round t = 1, 2, ..., and the scale is
    (1 + alpha) / 2. For rewards in [0, 1]. The lowest index among equals.

    Its bounds: sqrt(T K) whatever the gaps, and (K / gap) ln(T gap^2 / K) for the smallest gap.

    Whether the t of MOSS-anytime counts the round or the plays before it could not be checked in the paper; the two
    differ by one.
    """

    n: Count | Literal["horizon", "anytime"] = "horizon"  #: T, or a number in its place; "anytime": the round
    alpha: Positive | None = None  #: of MOSS-anytime; 1.35, the paper's, where it is left out

    class State(NamedTuple):
        plays: Counts  #: (K,) s
        sums: Vector  #: (K,) of rewards
        means: Vector  #: (K,)
        logs: Vector  #: (K,) ln(K s)
        scales: Vector  #: (K,) scale / s
        bounds: Vector  #: (K,) for n = T, where a bound changes by its own arm's plays alone
        level: float  #: ln T; not used by the anytime form
        scale: float
        anytime: bool

    def __post_init__(self):
        if self.alpha is not None and self.n != "anytime":
            raise ValueError('alpha belongs to n = "anytime"')

    def start(self, problem, rng) -> State:
        arms, anytime = problem.arms, self.n == "anytime"
        alpha = 1.35 if self.alpha is None else self.alpha
        scale = (1.0 + alpha) / 2.0 if anytime else 1.0
        level = 0.0 if anytime else math.log(problem.horizon if self.n == "horizon" else self.n)
        sums, means = np.zeros(arms), np.zeros(arms)
        unheard = np.full(arms, math.inf)  # where its first outcome is late, an arm is played again
        return self.State(
            np.zeros(arms, int), sums, means, -unheard, unheard, unheard.copy(), level, scale, anytime
        )  # fmt: skip

    def sketch(self, state, t) -> Intervals:
        level, arms = math.log(t + 1), range(len(state.means))
        bounds = np.array([_bound(state, level, k) for k in arms]) if state.anytime else state.bounds
        return around(state.means, bounds - state.means, "mean +- width of MOSS", state.plays)

    @staticmethod
    def choose(state, t, features, rng):
        arms = state.means.shape[0]
        if t < arms:
            return t
        level = math.log(t + 1)
        best, arm = -math.inf, 0
        for k in range(arms):
            bound = _bound(state, level, k) if state.anytime else state.bounds[k]
            if bound > best:
                best, arm = bound, k
        return arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        count = add_reward(state.plays, state.sums, state.means, arm, reward)
        state.logs[arm] = math.log(state.plays.shape[0] * count)
        state.scales[arm] = state.scale / count
        state.bounds[arm] = _bound(state, state.level, arm)


def _bound(state, level, arm):
    return state.means[arm] + math.sqrt(state.scales[arm] * max(level - state.logs[arm], 0.0))
