"""Perfect matchings: each of m users gets a channel of its own.

Y. Gai, B. Krishnamachari, R. Jain. Combinatorial network optimization with unknown variables: multi-armed bandits with
linear rewards and individual observations. IEEE/ACM Transactions on Networking 20, 2012.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from banditlab.environments.sets import Structure
from banditlab.numerics import matchings
from banditlab.registry import environment
from banditlab.sketches import Table
from banditlab.types import Arms


@environment("matching", game="combinatorial", cite=("gai2012combinatorial",))
@dataclass(frozen=True)
class Matching(Structure):
    """The items are the pairs (i, j) of m users and m channels, i m + j; a set has one for each user and each channel.

    The value of a pair is 1 with the probability that is its mean, else 0.
    """

    pairs: Arms = 4  #: m

    def __post_init__(self):
        self.check_means(self.family())

    def family(self, rng: np.random.Generator | None = None) -> matchings.Matchings:
        """Return the sets that may be played."""
        return matchings.perfect_matchings(self.pairs)

    def sketch(self, state, horizon) -> Table:
        pairs = [divmod(int(item), self.pairs) for item in state.best]
        return Table(state.data.means.reshape(self.pairs, -1).copy(), "mean of the pair", "user", "channel", pairs)

    @staticmethod
    def contains(env, items):
        return matchings.is_matching(env.family, items)

    @staticmethod
    def draw_set(family, rng, items):
        return matchings.draw_matching(family, rng, items)

    @staticmethod
    def maximise(family, weights, items):
        return matchings.best_matching(family, weights, items)
