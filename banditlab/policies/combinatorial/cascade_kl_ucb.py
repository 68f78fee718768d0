"""CascadeKL-UCB: as CascadeUCB1, with the bounds of KL-UCB.

B. Kveton, C. Szepesvari, Z. Wen, A. Ashkan. Cascading bandits: learning to rank in the cascade model. ICML 2015, arXiv
1502.02763, Algorithms 1 and 2, from memory: its text could not be read.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from banditlab.fuse import kernel
from banditlab.games.combinatorial import maximise
from banditlab.numerics.divergence import bernoulli_kl, bernoulli_upper
from banditlab.numerics.semi_bandit import Parts, ask_unseen, count_parts, start_parts
from banditlab.registry import policy
from banditlab.types import Counts, NonNegative


@policy(
    "cascade-kl-ucb",
    game="combinatorial",
    needs=("cascade", "oracle"),
    told=("family",),
    growth={"regret": "log T"},
    cite=("kveton2015cascading",),
)
@dataclass(frozen=True)
class CascadeKLUCB:
    """A list of the k items with the largest q in [0, 1] such that n d(mean, q) <= ln t + c ln ln t, in round t >= 1.

    n is how often an item was looked at, and d the Kullback-Leibler divergence of Bernoulli laws. Where the right side
    is negative, q is the mean. It begins as `cascade-ucb1`. Regret O((L - k) gap (1 + log(1 / gap)) log T / d(p - gap,
    p)) where k items have the attraction p and the others p - gap.

    A bound is computed only where it can be among the k largest: it is at least q if n d(mean, q) <= ln t + c ln ln t.
    The lists are those of computing all bounds.
    """

    c: NonNegative = 3.0  #: factor of ln ln t

    class State(NamedTuple):
        parts: Parts
        family: Any
        last: Counts  #: (k,) the list of the last round: mostly its bounds are the largest again
        c: float

    def start(self, problem, rng) -> State:
        return self.State(start_parts(problem.parts), problem.family, np.arange(problem.family.size), self.c)

    @staticmethod
    def choose(state, t, items, rng):
        if not ask_unseen(state.parts, t):
            level = math.log(t + 1)
            raise_largest(state.parts, max(level + state.c * math.log(level), 0.0), state.last)
        size = maximise(state.family, state.parts.weights, items)
        state.last[:] = items[:size]
        return size

    @staticmethod
    def learn(state, t, items, reward, parts, values):
        count_parts(state.parts, parts, values)


@kernel
def raise_largest(parts, level, likely):
    """Set the weights to the bounds, but to the mean where this is not among the k largest; likely (k,) are k items."""
    for item in range(parts.seen.shape[0]):
        parts.weights[item] = -1.0
    least = 1.0
    for item in likely:
        parts.weights[item] = bound(parts, item, level)
        least = min(least, parts.weights[item])
    slack = level * (1.0 + 1e-9)  # bounds that are equal are left to their own comparison
    for item in range(parts.seen.shape[0]):
        if parts.weights[item] < 0.0:
            mean = parts.means[item]
            below = mean < least and parts.seen[item] * bernoulli_kl(mean, least) > slack
            parts.weights[item] = mean if below else bound(parts, item, level)


@kernel
def bound(parts, item, level):
    """Return the largest q with n d(mean, q) <= level; 1 for an item that was not looked at."""
    seen = parts.seen[item]
    return bernoulli_upper(parts.means[item], level / seen) if seen > 0 else 1.0
