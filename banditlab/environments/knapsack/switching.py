"""One action that turns into the best one, or into the worst, halfway.

Our form of the usual lower bound against an adversary: N. Immorlica, K. A. Sankararaman, R. Schapire, A. Slivkins.
Adversarial bandits with knapsacks. Journal of the ACM, 2022 (arXiv 1811.11881).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from banditlab.environments.budgeted import Budgeted
from banditlab.registry import environment
from banditlab.types import AtLeastOne


@environment("switching", game="knapsack", cite=("immorlica2022adversarial",))
@dataclass(frozen=True)
class Switching(Budgeted):
    """Until half of the rounds nothing tells whether the budget should be spent now or kept.

    One resource, which nothing replenishes, and three actions; rewards and costs are exact. The action 1 costs 1; it
    pays 0.5 in the rounds before T / 2, and in the others 1 (`after = "high"`) or 0 ("low"). The action 2 pays 0.1 and
    costs 0.1. The void action pays and costs nothing.

    Where B / T is between 0.1 and 1, the best mixture is the same for both: x of the action 1 and 1 - x of the action
    2, with 0.9 x = B / T - 0.1.
    """

    budget: AtLeastOne = 1500.0  #: B
    after: Literal["high", "low"] = "high"  #: how the action 1 pays in the second half

    def count_resources(self) -> int:
        """Return m."""
        return 1

    def monotone(self) -> bool:
        """Return whether no cost is negative."""
        return True

    def draw(self, rng: np.random.Generator, horizon: int) -> np.ndarray:
        halves = np.zeros((2, 3, 2))
        halves[:, 1] = [[0.5, 1.0], [1.0 if self.after == "high" else 0.0, 1.0]]
        halves[:, 2] = [0.1, 0.1]
        return halves
