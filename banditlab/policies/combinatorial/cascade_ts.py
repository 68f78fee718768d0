"""Thompson sampling for cascades: the items with the largest draws from Beta posteriors, largest first.

Z. Zhong, W. C. Cheung, V. Y. F. Tan. Thompson sampling algorithms for cascading bandits. JMLR 22, 2021 (CTS), from
memory: its text could not be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from banditlab.games.combinatorial import maximise
from banditlab.numerics.semi_bandit import Parts, count_parts, draw_betas, start_parts
from banditlab.registry import policy


@policy(
    "cascade-ts",
    game="combinatorial",
    needs=("cascade", "oracle"),
    told=("family",),
    growth={"regret": "log T"},
    cite=("zhong2021thompson",),
)
@dataclass(frozen=True)
class CascadeTS:
    """A list of the k largest draws, each from the posterior of an item's attraction, Beta(1 + s, 1 + n - s).

    n is how often the item was looked at, and s how often it was clicked on. One draw an item in each round, in the
    order of the items.
    """

    class State(NamedTuple):
        parts: Parts
        family: Any

    def start(self, problem, rng) -> State:
        return self.State(start_parts(problem.parts), problem.family)

    @staticmethod
    def choose(state, t, items, rng):
        draw_betas(state.parts, rng)
        return maximise(state.family, state.parts.weights, items)

    @staticmethod
    def learn(state, t, items, reward, parts, values):
        count_parts(state.parts, parts, values)
