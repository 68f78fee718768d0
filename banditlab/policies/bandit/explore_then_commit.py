"""Explore-then-commit: every arm m times, then the best of them for good (Lattimore and Szepesvari 2020, Algorithm 1).

T. Lattimore, C. Szepesvari. Bandit algorithms. Cambridge University Press, 2020 (Chapter 6).
V. Perchet, P. Rigollet, S. Chassang, E. Snowberg. Batched bandit problems. Annals of Statistics 44, 2016.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.indices import add_reward, first_largest
from banditlab.registry import policy
from banditlab.types import Count, Counts, Vector


@policy(
    "explore-then-commit",
    game="bandit",
    needs=("prompt-feedback",),
    told=("horizon",),
    growth={"regret": "T^2/3"},
    cite=("lattimore2020bandit", "perchet2016batched"),
)
@dataclass(frozen=True)
class ExploreThenCommit:
    """Arm t mod K in the rounds t < m K; from then on the arm whose mean was the largest at that time.

    The lowest index among equals. What is learnt after the exploration changes nothing.

    "horizon" stands for

        m = ceil((T / (K - 1))^(2/3) (ln(K) / 8)^(1/3)),

    which needs no gap. The book tunes m to a known gap only; this is the optimum of a bound without one. Where rewards
    lie in [0, 1], the exploration costs at most (K - 1) m, and a round after it at most the expected largest deviation
    of K means of m rewards, sqrt(ln(K) / (2 m)); m minimises (K - 1) m + T sqrt(ln(K) / (2 m)). But for the rounding
    the regret is then at most 3/2 ((K - 1) ln K)^(1/3) T^(2/3). With a fixed m it grows linearly.
    """

    m: Count | Literal["horizon"] = "horizon"  #: plays of each arm before it commits

    class State(NamedTuple):
        plays: Counts  #: (K,)
        sums: Vector  #: (K,) of rewards
        means: Vector  #: (K,) of the exploration
        chosen: Counts  #: (1,) the arm that it commits to
        exploration: int  #: m K

    def start(self, problem, rng) -> State:
        arms = problem.arms
        m = _tuned(problem.horizon, arms) if self.m == "horizon" else self.m
        return self.State(np.zeros(arms, int), np.zeros(arms), np.zeros(arms), np.zeros(1, int), m * arms)

    @staticmethod
    def choose(state, t, features, rng):
        return t % state.means.shape[0] if t < state.exploration else state.chosen[0]

    @staticmethod
    def learn(state, t, features, arm, reward):
        if t >= state.exploration:
            return
        add_reward(state.plays, state.sums, state.means, arm, reward)
        if t == state.exploration - 1:
            state.chosen[0] = first_largest(state.means)


def _tuned(horizon: int, arms: int) -> int:
    if arms == 1:
        return 1
    return math.ceil((horizon / (arms - 1)) ** (2 / 3) * (math.log(arms) / 8) ** (1 / 3))
