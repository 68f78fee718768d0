"""Randomised unconstrained submodular maximisation: grow one set, shrink another, until they meet.

N. Buchbinder, M. Feldman, J. Naor, R. Schwartz. A tight linear time (1/2)-approximation for unconstrained submodular
maximization. FOCS 2012, SIAM Journal on Computing 44, 2015. The sensitivity is that of G. Nie, Y. Nadew, Y. Zhu, V.
Aggarwal, C. Quinn. A framework for adapting offline algorithms to solve combinatorial multi-armed bandit problems with
bandit feedback. ICML 2023, arXiv 2301.13326, from memory; a derivation gives 3 n / 2.
"""

from __future__ import annotations

from dataclasses import dataclass

from banditlab.offline import Search, algorithm


@algorithm("randomized-usm", random=True, cite=("buchbinder2015tight",))
@dataclass(frozen=True)
class RandomizedUSM:
    """For submodular functions that are not negative, and all sets; the ratio is that of the expected value.

    Both sets are asked for anew for each item, although their values are known.
    """

    needs = ("free",)
    ratio = 0.5

    def sensitivity(self, family) -> float:
        return 2.5 * family.items

    def queries(self, family) -> int:
        return 4 * family.items

    def search(self, family, rng) -> Search:
        small, large = [], list(range(family.items))
        for item in range(family.items):
            grown, shrunk = [*small, item], [i for i in large if i != item]
            gain = max((yield grown) - (yield small), 0.0)
            relief = max(-(yield large) + (yield shrunk), 0.0)
            coin = rng.random()
            if relief == 0.0 or coin * (gain + relief) < gain:
                small = grown
            else:
                large = shrunk
        return small
