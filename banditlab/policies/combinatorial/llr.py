"""LLR: learning with linear rewards, by the best set for wide upper confidence bounds.

Y. Gai, B. Krishnamachari, R. Jain. Combinatorial network optimization with unknown variables: multi-armed bandits with
linear rewards and individual observations. IEEE/ACM Trans. Networking 20, 2012, Algorithm 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from banditlab.games.combinatorial import maximise
from banditlab.numerics.semi_bandit import Parts, ask_unseen, count_parts, raise_means, start_parts
from banditlab.registry import policy


@policy(
    "llr",
    game="combinatorial",
    needs=("part-values", "oracle", "sums"),
    told=("family",),
    growth={"regret": "log T"},
    cite=("gai2012combinatorial",),
)
@dataclass(frozen=True)
class LLR:
    """The best set for the weights mean + sqrt((m + 1) ln t / n): sets have at most m items, n plays of an item.

    First come sets with as many unseen items as possible, until all were seen; the paper has any set for each item.
    Values are in [0, 1]. Regret O(n m^3 log T / gap^2) up to factors of the gaps.
    """

    class State(NamedTuple):
        parts: Parts
        family: Any
        width: float  #: m + 1

    def start(self, problem, rng) -> State:
        return self.State(start_parts(problem.parts), problem.family, problem.family.size + 1.0)

    @staticmethod
    def choose(state, t, items, rng):
        if not ask_unseen(state.parts, t):
            raise_means(state.parts, state.width * math.log(t + 1), math.inf)
        return maximise(state.family, state.parts.weights, items)

    @staticmethod
    def learn(state, t, items, reward, parts, values):
        count_parts(state.parts, parts, values)
