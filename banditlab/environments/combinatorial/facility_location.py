"""Facility location: places that serve users, each of whom takes the best one; monotone and submodular.

G. Cornuejols, M. Fisher, G. Nemhauser. Location of bank accounts to optimize float: an analytic study of exact and
approximate algorithms. Management Science 23, 1977.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from banditlab.environments.instances import exclusive, fill
from banditlab.environments.serving import Serving, mean_best
from banditlab.environments.sets import Limited
from banditlab.registry import environment
from banditlab.types import Arms, Count, Probability


@environment("facility-location", game="combinatorial", cite=("cornuejols1977location",))
@dataclass(frozen=True)
class FacilityLocation(Limited):
    """The value of a set is what its best item is worth to a user, as a mean over the users.

    Worths are uniform on [0, 1], unless they are given. Sets have at most k items, or costs within a budget.
    """

    worth: list[list[Probability]] | None = None  #: (U, n): a row a user, what each item is worth to him
    items: Arms | None = None  #: n, in place of worth; 12
    users: Count | None = None  #: U, in place of worth; 40

    def __post_init__(self):
        exclusive(self, "worth", ("items", "users"))
        if self.worth is None:
            fill(self, items=12, users=40)
        elif len({len(row) for row in self.worth}) != 1 or len(self.worth[0]) < 2:
            raise ValueError("worth: rows of one length, a user each, of at least 2 items")
        super().__post_init__()

    def count_items(self) -> int:
        """Return n."""
        return self.items if self.worth is None else len(self.worth[0])

    def draw(self, rng: np.random.Generator):
        worth = rng.random((self.users, self.items)) if self.worth is None else np.array(self.worth, float)
        return self.draw_family(rng), Serving(worth)

    @staticmethod
    def value(env, items):
        return mean_best(env.data, items)
