"""Sta'D: stagewise adaptive duels, elimination on independent samples (Saha 2021, Algorithm 3).

A. Saha. Optimal algorithms for stochastic contextual preference bandits. NeurIPS 2021. Width and exploration as in the
comparison of Bengs, Saha, Huellermeier (ICML 2022).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from banditlab.numerics.pairs import Pairs, descend, draw_wide_pair, start_pairs
from banditlab.numerics.preference import explored, learn_pair
from banditlab.numerics.sampling import draw_pair
from banditlab.policies import told
from banditlab.registry import policy
from banditlab.types import AtLeastOne, Counts, Index, NonNegative, Positive


@policy(
    "stad",
    game="dueling",
    needs=("features", "prompt-feedback"),
    told=("horizon", "link", "rounds"),
    growth={"average": "sqrt T"},
    cite=("saha2021optimal", "bengs2022stochastic"),
)
@dataclass(frozen=True)
class StaD:
    """Stages s = 1 .. S, each with duels, estimate theta_s and design of its own; p(i, j) = eta |x_i - x_j|_s.

    `exploration` rounds of random pairs go to every stage. Each round after it begins in stage 1 with all arms:

    - where all p(i, j) <= 1 / sqrt(T), the arm of largest utility is played against the one of largest utility plus p
      against it, and nothing is learned;
    - else, where all p(i, j) <= 2^-s, the arms whose utility is more than 2^-s below the largest are dropped, and stage
      s + 1 comes next;
    - else a random pair with p(i, j) > 2^-s is played, and goes to stage s.

    S is the least whole number with 2^-S <= 1 / sqrt(T). In the first case the lowest index among equals is played; in
    the last the paper takes any pair, the public code of Di et al. (ICLR 2024) a random one.

    The full text was not available to us: the algorithm follows a line-by-line account of it that is public.
    eta = "horizon" stands for sqrt(d ln T). The estimates are found as in CoLSTIM.
    """

    eta: Positive | Literal["horizon"] = "horizon"  #: width
    exploration: Index | None = None  #: t_0, rounds of random pairs; None: d K
    ridge: Positive = 1e-4  #: lambda of the estimates
    design: NonNegative = 0.0  #: M_0 = design I, of each stage
    link: Literal["told", "logistic", "probit", "exponential"] = "told"  #: that the policy assumes
    refit: AtLeastOne = 1.05  #: growth of the number of duels of a stage between two maximisations

    class State(NamedTuple):
        stages: tuple  #: a `Model` for each stage
        pairs: Pairs
        learning: Counts  #: (1,) index of the stage that the round's duel goes to, or -1
        exploration: int
        eta: float
        stop: float  #: 1 / sqrt(T)

    def start(self, problem, rng) -> State:
        count = max(1, math.ceil(0.5 * math.log2(problem.horizon)))
        stages = tuple(told.model(self, problem) for _ in range(count))
        pairs, eta = start_pairs(problem.arms, problem.dim), told.width(self.eta, problem)
        return self.State(stages, pairs, np.zeros(1, int), stages[0].exploration, eta, 1.0 / math.sqrt(problem.horizon))

    @staticmethod
    def choose(state, t, features, rng):
        for stage in state.stages:
            explored(stage, t)
        if t < state.exploration:
            return draw_pair(rng, features.shape[0])
        unit = 1.0 / max(state.eta, 1e-300)  # 0 in a single round
        stage, wide = descend(state.pairs, state.stages, features, state.stop * unit, unit, 1.0)
        state.learning[0] = stage if wide else -1
        if wide:
            level = unit * 0.5 ** (stage + 1)
            return draw_wide_pair(state.pairs, level * level, rng)
        return _play_best(state.pairs, state.eta)

    @staticmethod
    def learn(state, t, features, first, second, won):
        if t < state.exploration:
            for stage in state.stages:
                learn_pair(stage, t, features[first], features[second], won)
        elif state.learning[0] >= 0:
            learn_pair(state.stages[state.learning[0]], t, features[first], features[second], won)


def _play_best(pairs, eta):
    """Return the active arm of largest utility, and the active one of largest upper bound against it."""
    first = 0
    for k in range(pairs.utilities.shape[0]):
        if pairs.active[k] and (not pairs.active[first] or pairs.utilities[k] > pairs.utilities[first]):
            first = k
    best, second = -math.inf, first
    for k in range(pairs.utilities.shape[0]):
        if pairs.active[k]:
            value = pairs.utilities[k] + (0.0 if k == first else eta * math.sqrt(pairs.squares[first, k]))
            if value > best:
                best, second = value, k
    return first, second
