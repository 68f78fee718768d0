"""Beat-the-Mean: drop the arm that does worst against a random one (Yue and Joachims 2011, Algorithms 1 and 2).

Y. Yue, T. Joachims. Beat the mean bandit. ICML 2011.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.flags import nth
from banditlab.numerics.sampling import draw_index
from banditlab.registry import policy
from banditlab.types import AtLeastOne, Counts, Flags, Fraction, Vector


@policy(
    "beat-the-mean", game="dueling", told=("horizon",), growth={"average-preference": "log T"}, cite=("yue2011beat",)
)
@dataclass(frozen=True)
class BeatTheMean:
    """The arm b of W with the fewest duels n_b of its own against an arm of W drawn at random, b itself included.

    W starts as all arms. Only b counts the duel: P_b = wins / n_b, 1/2 without duels. After a duel, with n the least of
    the n_b and c = 3 gamma^2 sqrt(ln(1 / delta) / n) (1 for n = 0): where min P_b + c <= max P_b - c, the arm of the
    least P_b leaves W, and all others forget their duels with it. The last arm of W plays itself. Fewest duels: ties at
    random; least P_b: the lowest index among equals, which the paper leaves open.

    delta = "horizon" stands for 1 / (2 T K), as in Algorithm 2. A duel of b with itself counts like any other, because
    the mean bandit of W is the mean over all of W; what could not be verified in the paper's text is that b itself may
    be drawn, on which public implementations differ. The constants are wide: an arm whose mean preference over W is g
    below the best one's leaves after about 36 gamma^4 ln(2 T K) / g^2 duels of its own.
    """

    gamma: AtLeastOne = 1.0  #: of relaxed stochastic transitivity; 1 where transitivity is strong
    delta: Fraction | Literal["horizon"] = "horizon"  #: chance of error of one confidence interval

    class State(NamedTuple):
        plays: Counts  #: (K, K) duels that i counted against j
        wins: Counts  #: (K, K) and won
        counts: Counts  #: (K,) n_b, against arms of W
        won: Counts  #: (K,) and won
        means: Vector  #: (K,) P_b
        active: Flags  #: (K,) W
        size: Counts  #: (1,) of W
        scale: float  #: 3 gamma^2 sqrt(ln(1 / delta))

    def start(self, problem, rng) -> State:
        arms = problem.arms
        delta = 1.0 / (2.0 * problem.horizon * arms) if self.delta == "horizon" else self.delta
        square, line = np.zeros((arms, arms), int), np.zeros(arms, int)
        return self.State(
            square, square.copy(), line, line.copy(), np.full(arms, 0.5), np.ones(arms, bool), np.array([arms]),
            3.0 * self.gamma**2 * math.sqrt(-math.log(delta)),
        )  # fmt: skip

    @staticmethod
    def choose(state, t, features, rng):
        counts, active = state.counts, state.active
        if state.size[0] == 1:
            last = nth(active, 0)
            return last, last
        fewest, ties = -1, 0
        for k in range(active.shape[0]):
            if active[k]:
                if fewest < 0 or counts[k] < fewest:
                    fewest, ties = counts[k], 1
                elif counts[k] == fewest:
                    ties += 1
        place, first = draw_index(rng, ties), 0
        for k in range(active.shape[0]):
            if active[k] and counts[k] == fewest:
                if place == 0:
                    first = k
                place -= 1
        return first, nth(active, draw_index(rng, state.size[0]))

    @staticmethod
    def learn(state, t, features, first, second, won):
        if state.size[0] == 1:
            return
        state.plays[first, second] += 1
        state.counts[first] += 1
        if won:
            state.wins[first, second] += 1
            state.won[first] += 1
        state.means[first] = state.won[first] / state.counts[first]
        worst, best, fewest = -1, first, state.counts[first]
        for k in range(state.active.shape[0]):
            if state.active[k]:
                fewest = min(fewest, state.counts[k])
                if worst < 0 or state.means[k] < state.means[worst]:
                    worst = k
                if state.means[k] > state.means[best]:
                    best = k
        radius = state.scale / math.sqrt(fewest) if fewest > 0 else 1.0
        if state.means[worst] + radius <= state.means[best] - radius:
            _drop(state, worst)


def _drop(state, arm):
    """Take an arm out of W, and its duels out of what the others counted."""
    state.active[arm] = False
    state.size[0] -= 1
    for k in range(state.active.shape[0]):
        if state.active[k]:
            state.counts[k] -= state.plays[k, arm]
            state.won[k] -= state.wins[k, arm]
            state.means[k] = state.won[k] / state.counts[k] if state.counts[k] > 0 else 0.5
