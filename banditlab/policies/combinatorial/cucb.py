"""CUCB: the set that would be best if each part were worth its upper confidence bound (CombUCB1).

W. Chen, Y. Wang, Y. Yuan. Combinatorial multi-armed bandit: general framework and applications. ICML 2013, Algorithm 1.
B. Kveton, Z. Wen, A. Ashkan, C. Szepesvari. Tight regret bounds for stochastic combinatorial semi-bandits. AISTATS
2015.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from banditlab.games.combinatorial import maximise
from banditlab.numerics.semi_bandit import Parts, ask_unseen, count_parts, raise_means, start_parts
from banditlab.registry import policy
from banditlab.types import Positive


@policy(
    "cucb",
    game="combinatorial",
    needs=("part-values", "oracle"),
    told=("family",),
    growth={"regret": "log T"},
    cite=("chen2013combinatorial", "kveton2015tight"),
)
@dataclass(frozen=True)
class CUCB:
    """Plays the best set for the weights min(1, mean + sqrt(c ln t / n)), t the round and n the times a part was seen.

    First come sets with as many unseen parts as possible, until all were seen, for at most as many rounds as there are
    parts; the weight of one that is unseen still is 1. Values are in [0, 1]. Regret O(n k log T / gap) for sums over
    sets of k items.
    """

    width: Positive = 1.5  #: c

    class State(NamedTuple):
        parts: Parts
        family: Any
        width: float

    def start(self, problem, rng) -> State:
        return self.State(start_parts(problem.parts), problem.family, self.width)

    @staticmethod
    def choose(state, t, items, rng):
        if not ask_unseen(state.parts, t):
            raise_means(state.parts, state.width * math.log(t + 1), 1.0)
        return maximise(state.family, state.parts.weights, items)

    @staticmethod
    def learn(state, t, items, reward, parts, values):
        count_parts(state.parts, parts, values)
