"""Song recommendation: a list of songs of limited length, from which each user takes the one that he plays most.

G. Nie, Y. Nadew, Y. Zhu, V. Aggarwal, C. Quinn. A framework for adapting offline algorithms to solve combinatorial
multi-armed bandit problems with bandit feedback. ICML 2023, arXiv 2301.13326, recommends popular songs to active users
of the Million Song data, and the cost of a song is its length. The text could not be read and the data is not used: the
counts here are drawn, and that a user's worth of a list is that of its best song was settled here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from banditlab.environments.instances import fill
from banditlab.environments.serving import Serving, mean_best
from banditlab.environments.sets import Limited
from banditlab.registry import environment
from banditlab.types import Arms, Count, Positive

BUDGET = 15.0


@environment("songs", game="combinatorial", cite=("nie2023framework",))
@dataclass(frozen=True)
class Songs(Limited):
    """The value of a list is how often a user plays its best song, as a share of his favourite, on average over users.

    How often a user plays which songs is drawn: his tastes from a Dirichlet law around the songs' popularity, which is
    as 1, 1/2, 1/3 and so on in random order, and his plays by these tastes. Costs are the lengths in minutes, by
    default uniform on [2, 6], and the budget is 15 minutes, unless there is k.
    """

    songs: Arms = 20  #: n
    users: Count = 100  #: U
    plays: Count = 200  #: of each user
    likeness: Positive = 5.0  #: of users' tastes; sum of the parameters of the Dirichlet law

    drawn = (2.0, 6.0)

    def __post_init__(self):
        if self.k is None:
            fill(self, budget=BUDGET)
        super().__post_init__()

    def count_items(self) -> int:
        """Return n."""
        return self.songs

    def draw(self, rng: np.random.Generator):
        popularity = rng.permutation(1.0 / np.arange(1, self.songs + 1))
        tastes = rng.dirichlet(self.likeness * popularity / popularity.sum(), self.users)
        counts = rng.multinomial(self.plays, tastes).astype(float)
        return self.draw_family(rng), Serving(counts / counts.max(axis=1, keepdims=True))

    @staticmethod
    def value(env, items):
        return mean_best(env.data, items)
