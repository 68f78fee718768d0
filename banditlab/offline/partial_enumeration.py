"""Partial enumeration: all sets of one or two items, and all of three, filled by density.

M. Sviridenko. A note on maximizing a submodular set function subject to a knapsack constraint. Operations Research
Letters 32, 2004. Sensitivity and number of questions are those of G. Nie, Y. Nadew, Y. Zhu, V. Aggarwal, C. Quinn. A
framework for adapting offline algorithms to solve combinatorial multi-armed bandit problems with bandit feedback. ICML
2023, arXiv 2301.13326, from memory; a derivation gives 2 + 2 K~ + 2 beta, and far fewer questions than the bound says.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

from banditlab.offline import Search, algorithm, best_of
from banditlab.offline.by_density import extent, fill_by_density, fits

MOST = 12  #: items; with more there would be tens of thousands of questions


@algorithm("partial-enumeration", cite=("sviridenko2004note",))
@dataclass(frozen=True)
class PartialEnumeration:
    """For monotone submodular functions, and sets within a budget, of at most 12 items."""

    needs = ("budgeted", "monotone")
    ratio = 1.0 - math.exp(-1.0)

    def sensitivity(self, family) -> float:
        most, beta = extent(family)
        return 4.0 + 2.0 * most + 2.0 * beta

    def queries(self, family) -> int:
        return extent(family)[0] * family.items**4

    def search(self, family, rng) -> Search:
        if family.items > MOST:
            raise ValueError(f"partial-enumeration: for at most {MOST} items, got {family.items}")
        found = []
        for size in (1, 2, 3):
            for seed in itertools.combinations(range(family.items), size):
                if fits(family, seed):
                    worth, items = (yield [*seed]), [*seed]
                    if size == 3:
                        worth, items, _ = yield from fill_by_density(family, items, worth)
                    found.append((worth, items))
        return best_of(found)[1]
