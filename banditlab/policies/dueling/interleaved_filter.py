"""Interleaved Filter: a candidate against all others, until one beats it: IF1, IF2 (Yue et al. 2012, Algorithms 2, 3).

Y. Yue, J. Broder, R. Kleinberg, T. Joachims. The K-armed dueling bandits problem. J. Computer and System Sciences 78,
2012.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.flags import next_set
from banditlab.numerics.sampling import draw_index
from banditlab.registry import policy
from banditlab.types import Counts, Flags, Fraction, Positive

CANDIDATE, OPPONENT, PASSES, SIZE = range(4)


@policy(
    "interleaved-filter",
    game="dueling",
    needs=("prompt-feedback",),
    told=("horizon",),
    growth={"average-preference": "log T"},
    cite=("yue2012karmed",),
)
@dataclass(frozen=True)
class InterleavedFilter:
    """A candidate, at first drawn at random, duels each arm of W once in a pass; W starts as all other arms.

    After pass n, with P_b the share of the candidate's wins over b and c = sqrt(width ln(1 / delta) / n): every b with
    P_b - c >= 1/2 leaves W. Then, where P_b + c <= 1/2 for some b, that b is the new candidate, leaves W, and all
    counts start anew; version "if2" before that prunes every b with P_b > 1/2. When W is empty the candidate plays
    itself.

    A pass goes by index. Where several arms beat the candidate in one pass, the one of the lowest index follows it,
    which the paper leaves open. The interval around P_b is open, so that c itself suffices. delta = "horizon" stands
    for 1 / (T K^2). An arm that beats the candidate with probability 1/2 + g needs about ln(T K^2) / g^2 passes.

    What could not be verified in the paper's text: the width. Public implementations have 1 or, those of the conference
    version (COLT 2009), 4. By Hoeffding's inequality and a union over T duels 1 leaves an error of 2 T delta^2 < delta,
    as the paper's intervals of level 1 - delta need.
    """

    version: Literal["if1", "if2"] = "if2"  #: without or with pruning; only if2 has regret linear in K
    delta: Fraction | Literal["horizon"] = "horizon"  #: chance of error of one confidence interval

    width: Positive = 1.0  #: of the intervals' squares, in units of ln(1 / delta) / n

    class State(NamedTuple):
        wins: Counts  #: (K,) of the candidate over each arm, since it became candidate
        active: Flags  #: (K,) W
        course: Counts  #: (4,) candidate, its opponent, passes since it became candidate, size of W
        prune: bool
        scale: float  #: sqrt(width ln(1 / delta))

    def start(self, problem, rng) -> State:
        arms = problem.arms
        delta = 1.0 / (problem.horizon * arms**2) if self.delta == "horizon" else self.delta
        candidate, active = draw_index(rng, arms), np.ones(arms, bool)
        active[candidate] = False
        course = np.array([candidate, int(candidate == 0), 0, arms - 1])
        scale = math.sqrt(-self.width * math.log(delta))
        return self.State(np.zeros(arms, int), active, course, self.version == "if2", scale)

    @staticmethod
    def choose(state, t, features, rng):
        course = state.course
        if course[SIZE] == 0:
            return course[CANDIDATE], course[CANDIDATE]
        return course[CANDIDATE], course[OPPONENT]

    @staticmethod
    def learn(state, t, features, first, second, won):
        course = state.course
        if course[SIZE] == 0:
            return
        if won:
            state.wins[second] += 1
        course[OPPONENT] = next_set(state.active, second + 1)
        if course[OPPONENT] == state.active.shape[0]:
            course[PASSES] += 1
            _filter(state)
            course[OPPONENT] = next_set(state.active, 0)


def _filter(state):
    """End a pass: arms that lost leave W, an arm that won becomes the candidate."""
    wins, active, course = state.wins, state.active, state.course
    passes, winner = course[PASSES], -1
    radius = state.scale / math.sqrt(passes)
    for k in range(active.shape[0]):
        if active[k]:
            share = wins[k] / passes
            if share - radius >= 0.5:
                _leave(state, k)
            elif winner < 0 and share + radius <= 0.5:
                winner = k
    if winner >= 0:
        for k in range(active.shape[0]):
            if state.prune and active[k] and wins[k] / passes > 0.5:
                _leave(state, k)
            wins[k] = 0
        _leave(state, winner)
        course[CANDIDATE], course[PASSES] = winner, 0


def _leave(state, arm):
    state.active[arm] = False
    state.course[SIZE] -= 1
