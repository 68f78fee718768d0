"""CTS-Beta: Thompson sampling with a Beta posterior of each item, and the best set for one draw of all.

S. Wang, W. Chen. Thompson sampling for combinatorial semi-bandits. ICML 2018, arXiv 1803.04623, Algorithm 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditlab.games.combinatorial import maximise
from banditlab.numerics.hashing import uniform
from banditlab.numerics.semi_bandit import Parts, draw_betas, start_parts
from banditlab.registry import policy


@policy(
    "cts-beta",
    game="combinatorial",
    needs=("part-values", "oracle", "sums"),
    told=("family",),
    growth={"regret": "log T"},
    cite=("wang2018thompson",),
)
@dataclass(frozen=True)
class CTSBeta:
    """The best set for draws of the items' means from Beta(1 + s, 1 + n - s): n plays of an item, s of them won.

    A value strictly between 0 and 1 counts as won with that probability. One draw an item in each round, in the order
    of the items. Regret O(n log T / gap) where the items are independent and the best set is found exactly; the paper
    shows that an approximate oracle is not enough.
    """

    class State(NamedTuple):
        parts: Parts  #: their sums are the times won
        family: Any
        coin: np.uint64  #: key of the coins for values between 0 and 1

    def start(self, problem, rng) -> State:
        return self.State(start_parts(problem.parts), problem.family, rng.integers(0, 2**64, dtype=np.uint64))

    @staticmethod
    def choose(state, t, items, rng):
        draw_betas(state.parts, rng)
        return maximise(state.family, state.parts.weights, items)

    @staticmethod
    def learn(state, t, items, reward, parts, values):
        for place in range(parts.shape[0]):
            part, value = parts[place], values[place]
            if 0.0 < value < 1.0:
                value = 1.0 if uniform(state.coin, part, t) < value else 0.0
            state.parts.seen[part] += 1
            state.parts.sums[part] += value
