"""Epsilon-greedy: an arm at random with probability epsilon, else the leader (Auer et al. 2002, Figure 3).

P. Auer, N. Cesa-Bianchi, P. Fischer. Finite-time analysis of the multiarmed bandit problem. Machine Learning 47, 2002
(epsilon_n-GREEDY).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.indices import add_reward, first_largest, leader_or_any
from banditlab.numerics.sampling import draw_index
from banditlab.registry import policy
from banditlab.types import Counts, Fraction, Positive, Probability, Vector


@policy("epsilon-greedy", game="bandit", cite=("auer2002finite",))
@dataclass(frozen=True)
class EpsilonGreedy:
    """With probability epsilon_n one of all arms, uniformly; else the arm with the largest mean, n = 1, 2, ...

    Schedule "fixed": epsilon_n = epsilon, and regret that grows linearly. Schedule "decaying", the paper's:
    epsilon_n = min(1, c K / (d^2 n)), whose regret is logarithmic for rewards in [0, 1], c >= 5 and a d in (0, 1) that
    is no larger than the smallest positive gap. d has no default, since no value is right for every problem.

    The lowest index among equals. The paper does not say what the mean of an arm without plays is: here it is infinite,
    so that epsilon = 0 is follow-the-leader. A random arm is drawn from all K, the leader among them.
    """

    schedule: Literal["fixed", "decaying"] = "fixed"
    epsilon: Probability | None = None  #: of the fixed schedule; 0.1 where it is left out
    c: Positive | None = None  #: amount of exploration of the decaying schedule; 5 where it is left out
    d: Fraction | None = None  #: lower bound on the positive gaps, in (0, 1); the decaying schedule needs it

    class State(NamedTuple):
        plays: Counts  #: (K,)
        sums: Vector  #: (K,) of rewards
        means: Vector  #: (K,), infinite before the first play
        epsilon: float  #: of every round; with a scale, the most it can be
        scale: float  #: c K / d^2; infinite for the fixed schedule

    def __post_init__(self):
        if self.schedule == "fixed" and (self.c is not None or self.d is not None):
            raise ValueError('c and d belong to schedule = "decaying"')
        if self.schedule == "decaying" and self.epsilon is not None:
            raise ValueError('epsilon belongs to schedule = "fixed"')
        if self.schedule == "decaying" and self.d is None:
            raise ValueError('schedule = "decaying" needs d, a lower bound on the positive gaps')

    def start(self, problem, rng) -> State:
        arms = problem.arms
        epsilon, scale = 0.1 if self.epsilon is None else self.epsilon, math.inf
        if self.schedule == "decaying":
            epsilon, scale = 1.0, (5.0 if self.c is None else self.c) * arms / self.d**2
        return self.State(np.zeros(arms, int), np.zeros(arms), np.full(arms, math.inf), epsilon, scale)

    @staticmethod
    def choose(state, t, features, rng):
        if rng.random() < _epsilon(state, t):
            return draw_index(rng, state.means.shape[0])
        return first_largest(state.means)

    @staticmethod
    def probability(state, t, features, arm):
        leader = first_largest(state.means)
        return leader_or_any(_epsilon(state, t), state.means.shape[0], arm == leader)

    @staticmethod
    def learn(state, t, features, arm, reward):
        add_reward(state.plays, state.sums, state.means, arm, reward)


def _epsilon(state, t):
    return min(state.epsilon, state.scale / (t + 1))
