"""Self-Sparring with independent arms: IndSelfSparring (Sui et al. 2017, Algorithm 3) for two arms a round.

Y. Sui, V. Zhuang, J. W. Burdick, Y. Yue. Multi-dueling bandits with dependent arms. UAI 2017.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from banditlab.numerics.sampling import beta
from banditlab.registry import policy
from banditlab.types import Positive, Vector


@policy("self-sparring", game="dueling", growth={"average-preference": "log T"}, cite=("sui2017multi",))
@dataclass(frozen=True)
class SelfSparring:
    """One Beta-Thompson sampler of winning, asked twice a round.

    Each of the two arms has the largest of K draws from Beta(S + 1, F + 1), where S and F add up `rate` for each duel
    that an arm won and lost. An arm against itself both wins and loses, as in the algorithm's double loop over the arms
    of a round. Features are ignored.

    The paper proves its order asymptotically, where preferences are nearly linear in utilities. The number of the
    algorithm is from memory, since the text of the paper was not at hand.
    """

    rate: Positive = 1.0  #: eta, weight of a duel

    class State(NamedTuple):
        wins: Vector  #: (K,) S + 1
        losses: Vector  #: (K,) F + 1
        rate: float

    def start(self, problem, rng) -> State:
        return self.State(np.ones(problem.arms), np.ones(problem.arms), self.rate)

    @staticmethod
    def choose(state, t, features, rng):
        first = _draw(state, rng)
        return first, _draw(state, rng)

    @staticmethod
    def learn(state, t, features, first, second, won):
        state.wins[first if won else second] += state.rate
        state.losses[second if won else first] += state.rate


def _draw(state, rng):
    best, arm = -1.0, 0
    for k in range(state.wins.shape[0]):
        draw = beta(rng, state.wins[k], state.losses[k])
        if draw > best:
            best, arm = draw, k
    return arm
