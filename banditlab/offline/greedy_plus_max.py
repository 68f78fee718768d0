"""Greedy+Max: as Greedy+, but the best set of all that were asked for on the way.

G. Yaroslavtsev, S. Zhou, D. Avdiukhin. "Bring your own greedy"+Max: near-optimal 1/2-approximations for submodular
knapsack. AISTATS 2020. The sensitivity is that of G. Nie, Y. Nadew, Y. Zhu, V. Aggarwal, C. Quinn. A framework for
adapting offline algorithms to solve combinatorial multi-armed bandit problems with bandit feedback. ICML 2023, arXiv
2301.13326, from memory; a derivation gives 1 + K~ + beta, which is never more, since beta is at least 1.
"""

from __future__ import annotations

from dataclasses import dataclass

from banditlab.offline import Search, algorithm, best_of
from banditlab.offline.by_density import extent, fill_by_density


@algorithm("greedy-plus-max", cite=("yaroslavtsev2020bring",))
@dataclass(frozen=True)
class GreedyPlusMax:
    """For monotone submodular functions, and sets within a budget."""

    needs = ("budgeted", "monotone")
    ratio = 0.5

    def sensitivity(self, family) -> float:
        most, beta = extent(family)
        return 0.5 + most + 2.0 * beta

    def queries(self, family) -> int:
        return extent(family)[0] * family.items

    def search(self, family, rng) -> Search:
        filled = yield from fill_by_density(family, [], 0.0)
        return best_of([(filled.worth, filled.items), *filled.tops])[1]
