"""Items that are worth 0 or 1: the k best ones.

W. Chen, Y. Wang, Y. Yuan. Combinatorial multi-armed bandit: general framework and applications. ICML 2013.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from banditlab.environments.instances import exclusive
from banditlab.environments.sets import ItemSums, Largest
from banditlab.numerics import families
from banditlab.registry import environment
from banditlab.types import Arms, Count, Probability


@environment("top-k", game="combinatorial", cite=("chen2013combinatorial",))
@dataclass(frozen=True)
class TopK(Largest, ItemSums):
    """Sets of at most k items, each of which is 1 with the probability that is its mean, else 0."""

    means: list[Probability] | None = None  #: (n,)
    items: Arms | None = None  #: n, in place of means: these are uniform on [0, 1]; 10
    k: Count = 3
    feedback: Literal["semi-bandit", "full-bandit"] = "semi-bandit"  #: what is seen: each item's value, or their sum

    def __post_init__(self):
        exclusive(self, "means", ("items",))
        families.sized(self._count(), self.k)

    def _count(self) -> int:
        return len(self.means) if self.means is not None else self.items or 10

    def draw(self, rng: np.random.Generator):
        means = np.array(self.means, float) if self.means is not None else rng.random(self._count())
        return families.sized(len(means), self.k), means, None
