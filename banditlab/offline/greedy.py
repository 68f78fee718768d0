"""Greedy: add the item that raises the value most, k times.

G. Nemhauser, L. Wolsey, M. Fisher. An analysis of approximations for maximizing submodular set functions I. Math.
Programming 14, 1978. The sensitivity is that of G. Nie, Y. Nadew, Y. Zhu, V. Aggarwal, C. Quinn. A framework for
adapting offline algorithms to solve combinatorial multi-armed bandit problems with bandit feedback. ICML 2023, arXiv
2301.13326, from memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from banditlab.offline import Search, algorithm, ask_each, best_of


@algorithm("greedy", cite=("nemhauser1978analysis",))
@dataclass(frozen=True)
class Greedy:
    """For monotone submodular functions, and sets of at most k items."""

    needs = ("sized", "monotone")
    ratio = 1.0 - math.exp(-1.0)

    def sensitivity(self, family) -> float:
        return 2.0 * family.size

    def queries(self, family) -> int:
        return family.items * family.size

    def search(self, family, rng) -> Search:
        found: list[int] = []
        for _ in range(family.size):
            answers = yield from ask_each(found, [item for item in range(family.items) if item not in found])
            found = [*found, best_of(answers)[1]]
        return found
