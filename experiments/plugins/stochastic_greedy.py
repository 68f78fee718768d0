"""Stochastic greedy: greedy that looks at a few items at random in each step.

B. Mirzasoleiman, A. Badanidiyuru, A. Karbasi, J. Vondrak, A. Krause. Lazier than lazy greedy. AAAI 2015.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from banditlab.offline import Search, algorithm, ask_each, best_of
from banditlab.types import Fraction

LAZIER = r"""@inproceedings{mirzasoleiman2015lazier,
  title = {Lazier than lazy greedy},
  author = {Mirzasoleiman, Baharan and Badanidiyuru, Ashwinkumar and Karbasi, Amin and Vondr{\'a}k, Jan
    and Krause, Andreas},
  booktitle = {AAAI Conference on Artificial Intelligence},
  year = {2015},
}"""


@algorithm("stochastic-greedy", random=True, cite=LAZIER)
@dataclass(frozen=True)
class StochasticGreedy:
    """For monotone submodular functions, and sets of at most k items; the ratio is that of the expected value."""

    epsilon: Fraction = 0.1  #: what the ratio loses; n / k ln(1 / epsilon) items are looked at

    needs = ("sized", "monotone")

    @property
    def ratio(self) -> float:
        return 1.0 - math.exp(-1.0) - self.epsilon

    def sensitivity(self, family) -> float:
        return 2.0 * family.size

    def queries(self, family) -> int:
        return family.size * self._looked_at(family)

    def _looked_at(self, family) -> int:
        return math.ceil(family.items / family.size * math.log(1.0 / self.epsilon))

    def search(self, family, rng) -> Search:
        found: list[int] = []
        for _ in range(family.size):
            left = [item for item in range(family.items) if item not in found]
            looked_at = rng.permutation(left)[: self._looked_at(family)].tolist()
            answers = yield from ask_each(found, looked_at)
            found = [*found, best_of(answers)[1]]
        return found
