"""Sliding-window UCB: upper confidence bounds from the last tau rounds (Garivier and Moulines 2011, Algorithm 2).

A. Garivier, E. Moulines. On upper-confidence bound policies for switching bandit problems. ALT 2011 (arXiv 0805.3415).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.registry import policy
from banditlab.sketches import Intervals, around
from banditlab.types import Count, Counts, Positive, Vector


@policy(
    "sliding-window-ucb",
    game="bandit",
    needs=("prompt-feedback",),
    told=("horizon", "rounds"),
    growth={"regret": "sqrt T"},
    cite=("garivier2011upper",),
)
@dataclass(frozen=True)
class SlidingWindowUCB:
    """Each arm once, then the largest mean + B sqrt(xi ln(min(t, tau)) / N) over the last tau rounds, t = 1, 2, ...

    N are the plays of the arm in the window; without any, its bound is infinite. For rewards in [0, B]. The lowest
    index among equals.

    "horizon" stands for the paper's tau = 2 B sqrt(T ln(T) / changes), rounded up, where `changes` is how often the
    means change in T rounds; then the regret is of order sqrt(changes T ln T). With a fixed tau it is linear. The bound
    is for xi > 1/2. The paper's sums run to round t, in which the arm is yet to be chosen: here over the tau rounds
    before it.

    Not checked in the paper: that its experiments have xi = 0.6, the default here.
    """

    tau: Count | Literal["horizon"] = "horizon"  #: rounds in the window
    changes: Count | None = None  #: how often the means change in T rounds, for "horizon"; 1 where it is left out
    xi: Positive = 0.6  #: factor of the logarithm
    b: Positive = 1.0  #: B, the range of the rewards

    class State(NamedTuple):
        plays: Counts  #: (K,) N
        sums: Vector  #: (K,) of rewards in the window
        means: Vector  #: (K,)
        widths: Vector  #: (K,) sqrt(1 / N) where there are plays
        arms: Counts  #: (min(tau, T),) the arms of the window, round s at s mod tau
        rewards: Vector  #: (min(tau, T),) their rewards
        tau: int
        scale: float  #: B^2 xi

    def __post_init__(self):
        if self.changes is not None and self.tau != "horizon":
            raise ValueError('changes belongs to tau = "horizon"')

    def start(self, problem, rng) -> State:
        arms, tau = problem.arms, self.tau
        if tau == "horizon":
            total = problem.horizon
            tau = max(math.ceil(2.0 * self.b * math.sqrt(total * math.log(total) / (self.changes or 1))), 1)
        room = min(tau, problem.rounds)
        return self.State(
            np.zeros(arms, int), *(np.zeros(arms) for _ in range(3)), np.zeros(room, int), np.zeros(room), tau,
            self.b * self.b * self.xi,
        )  # fmt: skip

    def sketch(self, state, t) -> Intervals:
        scale = math.sqrt(state.scale * math.log(min(t + 1, state.tau)))
        widths = np.where(state.plays > 0, scale * state.widths, math.inf)
        return around(state.means, widths, "mean +- width, of the window", state.plays)

    @staticmethod
    def choose(state, t, features, rng):
        arms = state.means.shape[0]
        if t < arms:
            return t
        scale = math.sqrt(state.scale * math.log(min(t + 1, state.tau)))
        best, arm = -math.inf, 0
        for k in range(arms):
            if state.plays[k] == 0:
                return k
            bound = state.means[k] + scale * state.widths[k]
            if bound > best:
                best, arm = bound, k
        return arm

    @staticmethod
    def learn(state, t, features, arm, reward):
        at = t % state.tau
        if t >= state.tau:
            old = state.arms[at]
            state.plays[old] -= 1
            state.sums[old] -= state.rewards[at]
            if at == 0:
                _add_up(state.arms, state.rewards, state.sums)
            if state.plays[old] > 0:
                state.means[old] = state.sums[old] / state.plays[old]
                state.widths[old] = math.sqrt(1.0 / state.plays[old])
            else:
                state.sums[old] = 0.0
        state.arms[at], state.rewards[at] = arm, reward
        state.plays[arm] += 1
        state.sums[arm] += reward
        state.means[arm] = state.sums[arm] / state.plays[arm]
        state.widths[arm] = math.sqrt(1.0 / state.plays[arm])


def _add_up(arms, rewards, sums):
    """Make the sums anew, without the oldest round: once in tau rounds, so that no rounding gathers in them."""
    for k in range(sums.shape[0]):
        sums[k] = 0.0
    for s in range(1, arms.shape[0]):
        sums[arms[s]] += rewards[s]
