"""A broker who posts a price to a seller and one to a buyer, and must not lose money over all rounds.

M. Bernasconi, M. Castiglioni, A. Celli, F. Fusco. No-regret learning in bilateral trade via global budget balance. STOC
2024 (arXiv 2310.12370). The replenishable budget is what the broker has earned so far, and an endowment.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from banditlab.environments.budgeted import Budgeted, check_law, check_room
from banditlab.registry import environment
from banditlab.types import Arms, AtLeastOne, Count, Positive, Probability


@environment("bilateral-trade", game="knapsack", cite=("bernasconi2024noregret",))
@dataclass(frozen=True)
class BilateralTrade(Budgeted):
    """A price p for the seller and a price q for the buyer; they trade where both agree.

    The seller, to whom the good is worth s, agrees where s <= p, and the buyer, to whom it is worth b, where q <= b. A
    trade gains b - s, and costs the broker p - q, which replenishes where it is negative. The void action is no trade.
    The other actions are pairs of 0, 1 / (K - 1), ..., 1, by rising p, then q, of which p - q is at most `subsidy`.

    Subsidised trades can lose: b - s is at least -d, for the largest p - q = d among the actions. Rewards are mapped to
    [0, 1], as (gain + d) / (1 + d). Therefore the void action pays d / (1 + d), and the gain of n rounds is
    (1 + d) * reward - d * n; without subsidies rewards are the gains. The metrics `alpha-regret` and `ratio` are of the
    mapped rewards.

    s and b are drawn from beta laws. An instance is a population of pairs, of whom each round meets one, all with the
    same probability; the benchmark is that of its true means.
    """

    budget: AtLeastOne = 500.0  #: the broker's endowment
    points: Arms = 6  #: K, prices
    subsidy: Probability = 0.2  #: the most that the broker adds to a trade
    sellers: list[Positive] = (1.0, 1.0)  #: a and b of the beta law of s
    buyers: list[Positive] = (1.0, 1.0)  #: a and b of the beta law of b
    pairs: Count = 1000  #: of the population

    sampled = True

    def __post_init__(self):
        check_law("sellers", self.sellers)
        check_law("buyers", self.buyers)

    def count_resources(self) -> int:
        """Return m."""
        return 1

    def monotone(self) -> bool:
        """Return whether no cost is negative."""
        return False

    def draw(self, rng: np.random.Generator, horizon: int) -> np.ndarray:
        check_room(self.pairs, 1 + self.points**2, 1)
        p, q = np.divide(np.indices((self.points, self.points)).reshape(2, -1), self.points - 1)
        allowed = p - q <= self.subsidy + 1e-9
        p, q = p[allowed], q[allowed]
        s, b = (rng.beta(*law, (self.pairs, 1)) for law in (self.sellers, self.buyers))
        trades, table = (s <= p) & (q <= b), np.zeros((self.pairs, 1 + len(p), 2))
        table[:, 1:, 0], table[:, 1:, 1] = trades * (b - s), trades * (p - q)
        most = (p - q).max()
        table[..., 0] = (table[..., 0] + most) / (1.0 + most)
        return table
