"""Sequential halving: a fixed budget in phases, each of which drops half of the arms (Karnin et al. 2013, Algorithm 3).

Z. Karnin, T. Koren, O. Somekh. Almost optimal exploration in multi-armed bandits. ICML 2013.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.registry import policy
from banditlab.types import Count, Counts, Vector


@policy("sequential-halving", game="bandit", needs=("prompt-feedback",), told=("horizon",), cite=("karnin2013almost",))
@dataclass(frozen=True)
class SequentialHalving:
    """In each of ceil(log2 K) phases every arm that is left, of m, floor(budget / (m ceil(log2 K))) times.

    The ceil(m / 2) arms of the largest means stay, the lowest index among equals. The paper's mean of a phase is read
    as that of the rewards of the phase alone, as in its analysis; some implementations keep those of earlier phases. It
    stops when one arm is left, and recommends it; rounding down may leave some of the budget. Nothing is drawn at
    random.

    The paper says nothing of rounds before the end. Then it recommends the best arm of the last finished phase, arm 0
    in the first. Within a phase the arms are played in turn, in the order of their means in the last one.
    """

    budget: Count | Literal["horizon"] = "horizon"  #: plays in all; "horizon": T

    class State(NamedTuple):
        left: Counts  #: (K,) the arms that are left, first, the best of the last phase first
        sums: Vector  #: (K,) of rewards in the phase
        clock: Counts  #: (2,) number of arms left, plays in the phase
        share: int  #: floor(budget / number of phases)

    def start(self, problem, rng) -> State:
        arms = problem.arms
        budget = problem.horizon if self.budget == "horizon" else self.budget
        phases = (arms - 1).bit_length()  # ceil(log2 K)
        if budget < arms * phases:
            raise ValueError(f"budget: at least K ceil(log2 K) = {arms * phases}, one play of each arm; got {budget}")
        return self.State(np.arange(arms), np.zeros(arms), np.array([arms, 0]), budget // max(phases, 1))

    @staticmethod
    def choose(state, t, features, rng):
        return state.left[state.clock[1] % state.clock[0]]

    @staticmethod
    def learn(state, t, features, arm, reward):
        state.sums[arm] += reward
        state.clock[1] += 1
        count = state.clock[0]
        if count > 1 and state.clock[1] == count * (state.share // count):
            _halve(state)

    @staticmethod
    def recommend(state, t):
        return state.left[0]

    @staticmethod
    def stop(state, t):
        return state.clock[0] == 1


def _halve(state):
    """Move the better half of the arms to the front, the best first, and begin a phase."""
    left, sums = state.left, state.sums
    count = state.clock[0]
    kept = (count + 1) // 2
    for i in range(kept):
        best = i
        for j in range(i + 1, count):
            above = sums[left[j]] - sums[left[best]]
            if above > 0.0 or (above == 0.0 and left[j] < left[best]):
                best = j
        left[i], left[best] = left[best], left[i]
    for k in range(sums.shape[0]):
        sums[k] = 0.0
    state.clock[0] = kept
    state.clock[1] = 0
