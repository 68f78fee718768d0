"""Greedy+: the set that is filled by density, or the best single item.

S. Khuller, A. Moss, J. Naor. The budgeted maximum coverage problem. Information Processing Letters 70, 1999. The
sensitivity is that of G. Nie, Y. Nadew, Y. Zhu, V. Aggarwal, C. Quinn. A framework for adapting offline algorithms to
solve combinatorial multi-armed bandit problems with bandit feedback. ICML 2023, arXiv 2301.13326, from memory, and was
derived anew: a step loses at most 2 xi (1 + K~ c / B), which adds up to 2 (K~ + beta) xi for the set with the first
item of the best one that does not fit; half is for the set, half for the item, and choosing between them loses 2 xi.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from banditlab.offline import Search, algorithm, best_of
from banditlab.offline.by_density import extent, fill_by_density


@algorithm("greedy-plus", cite=("khuller1999budgeted",))
@dataclass(frozen=True)
class GreedyPlus:
    """For monotone submodular functions, and sets within a budget."""

    needs = ("budgeted", "monotone")
    ratio = (1.0 - math.exp(-1.0)) / 2

    def sensitivity(self, family) -> float:
        most, beta = extent(family)
        return 2.0 + most + beta

    def queries(self, family) -> int:
        return extent(family)[0] * family.items

    def search(self, family, rng) -> Search:
        filled = yield from fill_by_density(family, [], 0.0)
        return best_of([(filled.worth, filled.items), filled.tops[0]])[1]
