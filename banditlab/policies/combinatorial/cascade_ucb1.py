"""CascadeUCB1: the items with the largest upper confidence bounds on their attraction, largest first.

B. Kveton, C. Szepesvari, Z. Wen, A. Ashkan. Cascading bandits: learning to rank in the cascade model. ICML 2015, arXiv
1502.02763, Algorithms 1 and 2, from memory: its text could not be read.
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
    "cascade-ucb1",
    game="combinatorial",
    needs=("cascade", "oracle"),
    told=("family",),
    growth={"regret": "log T"},
    cite=("kveton2015cascading",),
)
@dataclass(frozen=True)
class CascadeUCB1:
    """A list of the k largest mean + sqrt(c ln t / n), with t rounds so far, and n the times an item was looked at.

    The paper gives a value of each item for nothing before the first round. Here each round begins with items that were
    not looked at yet, while there are any: at least one is seen in each. Regret O((L - k) log T / gap).
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
            raise_means(state.parts, state.width * math.log(t), math.inf)
        return maximise(state.family, state.parts.weights, items)

    @staticmethod
    def learn(state, t, items, reward, parts, values):
        count_parts(state.parts, parts, values)
