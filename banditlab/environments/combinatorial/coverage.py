"""Weighted coverage: sets of items that cover elements, monotone and submodular.

G. Nemhauser, L. Wolsey, M. Fisher. An analysis of approximations for maximizing submodular set functions I. Math.
Programming 14, 1978.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from banditlab.environments.instances import exclusive, fill
from banditlab.environments.sets import Limited
from banditlab.numerics.covers import Cover, covered
from banditlab.registry import environment
from banditlab.types import Arms, Bit, Count, Positive, Probability


@environment("coverage", game="combinatorial", cite=("nemhauser1978analysis",))
@dataclass(frozen=True)
class Coverage(Limited):
    """The value of a set is the weight of the elements that at least one of its items covers, as a share of all.

    An element is covered by an item with the probability `density`, and its weight is uniform on [0, 1], unless `sets`
    and `weights` say otherwise. Sets have at most k items, or costs within a budget.
    """

    sets: list[list[Bit]] | None = None  #: (n, U) of 0 and 1: a row an item, the elements that it covers
    weights: list[Positive] | None = None  #: (U,) of the elements; equal ones where sets are given
    items: Arms | None = None  #: n, in place of sets; 12
    universe: Count | None = None  #: U, in place of sets; 40
    density: Probability | None = None  #: in place of sets; 0.15

    def __post_init__(self):
        exclusive(self, "sets", ("items", "universe", "density"))
        if self.sets is None:
            fill(self, items=12, universe=40, density=0.15)
        elif len({len(row) for row in self.sets}) != 1 or len(self.sets) < 2 or not self.sets[0]:
            raise ValueError("sets: at least 2 rows of one length, an item each, and 1 column, an element each")
        elements = self.universe if self.sets is None else len(self.sets[0])
        if self.weights is not None and len(self.weights) != elements:
            raise ValueError(f"weights: {elements}, one an element; got {len(self.weights)}")
        super().__post_init__()

    def count_items(self) -> int:
        """Return n."""
        return self.items if self.sets is None else len(self.sets)

    def draw(self, rng: np.random.Generator):
        if self.sets is None:
            covers = rng.random((self.items, self.universe)) < self.density
            weights = rng.random(self.universe)
        else:
            covers = np.array(self.sets, bool)
            weights = np.ones(covers.shape[1])
        if self.weights is not None:
            weights = np.array(self.weights, float)
        return self.draw_family(rng), Cover(covers, weights / weights.sum(), np.zeros(len(weights), bool))

    @staticmethod
    def value(env, items):
        return covered(env.data, items)
