"""CTS-Gaussian: Thompson sampling with a Gaussian for each item, and the best set for one draw of all.

P. Perrault, E. Boursier, V. Perchet, M. Valko. Statistical efficiency of Thompson sampling for combinatorial
semi-bandits. NeurIPS 2020, arXiv 2006.06613, from memory: its text could not be read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

from banditlab.games.combinatorial import maximise
from banditlab.numerics.semi_bandit import Parts, ask_unseen, count_parts, start_parts
from banditlab.registry import policy
from banditlab.types import Positive


@policy(
    "cts-gaussian",
    game="combinatorial",
    needs=("part-values", "oracle", "sums"),
    told=("family",),
    cite=("perrault2020statistical",),
)
@dataclass(frozen=True)
class CTSGaussian:
    """The best set for draws of the items' means from N(mean, v / n): the mean of n values of an item.

    First come sets with as many unseen items as possible, until all were seen. One normal an item in each round after
    that, in the order of the items. The paper bounds the regret by O(log T) for independent items where v is above the
    values' variance proxy, which is at most 1/4 for values in [0, 1]; with v = 1/4 itself nothing is proved.
    """

    variance: Positive = 0.25  #: v, of a value

    class State(NamedTuple):
        parts: Parts
        family: Any
        deviation: float  #: sqrt(v)

    def start(self, problem, rng) -> State:
        return self.State(start_parts(problem.parts), problem.family, math.sqrt(self.variance))

    @staticmethod
    def choose(state, t, items, rng):
        parts = state.parts
        if not ask_unseen(parts, t):
            for part in range(parts.seen.shape[0]):
                spread = state.deviation / math.sqrt(max(1, parts.seen[part]))
                parts.weights[part] = parts.means[part] + spread * rng.standard_normal()
        return maximise(state.family, parts.weights, items)

    @staticmethod
    def learn(state, t, items, reward, parts, values):
        count_parts(state.parts, parts, values)
