"""Threshold greedy: add every item that raises the value by a threshold, which is lowered step by step.

A. Badanidiyuru, J. Vondrak. Fast algorithms for maximizing submodular functions. SODA 2014, Algorithm 1.

Sensitivity and number of questions were derived. The value is 0 of no item, so that a first item's gain is off by xi,
and any other's by 2 xi. An item that is added gains at least w - 2 xi, and no item of the best set can gain more than
w / (1 - epsilon) + 2 xi, or it would have been added before: the gain is at least (1 - epsilon) (f(S*) - f(S)) / k -
2 (2 - epsilon) xi, and k items lose 2 (2 - epsilon) k xi. Where fewer than k are added, each item of the best set gains
less than epsilon d / (n (1 - epsilon)) + 2 xi, and d <= f(S) + xi, so that f(S) >= (1 - epsilon) f(S*) - 2 k xi.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from banditlab.offline import Search, algorithm, ask_each, best_of
from banditlab.types import Fraction


@algorithm("threshold-greedy", cite=("badanidiyuru2014fast",))
@dataclass(frozen=True)
class ThresholdGreedy:
    """For monotone submodular functions, and sets of at most k items.

    The thresholds are d (1 - epsilon)^i, for the largest value d of a single item, down to epsilon d / n.
    """

    epsilon: Fraction = 0.1  #: what the ratio 1 - 1/e - epsilon loses; below 1 - 1/e

    needs = ("sized", "monotone")

    def __post_init__(self):
        if self.ratio <= 0.0:
            raise ValueError(f"epsilon: below 1 - 1/e, the ratio of greedy; got {self.epsilon:g}")

    @property
    def ratio(self) -> float:
        return 1.0 - math.exp(-1.0) - self.epsilon

    def sensitivity(self, family) -> float:
        return 2.0 * (2.0 - self.epsilon) * family.size

    def queries(self, family) -> int:
        return family.items + (family.items - 1) * self._levels(family.items)

    def _levels(self, items: int) -> int:
        return 1 + int(math.log(items / self.epsilon) / -math.log(1.0 - self.epsilon))

    def search(self, family, rng) -> Search:
        singles = yield from ask_each([], range(family.items))
        top, found, worth = best_of(singles)[0], [], 0.0
        for level in range(self._levels(family.items)):
            threshold = top * (1.0 - self.epsilon) ** level
            for single, item in singles:
                if len(found) == family.size:
                    return found
                if item not in found:
                    answer = (yield [*found, item]) if found else single
                    if answer - worth >= threshold:
                        found, worth = [*found, item], answer
        return found
