"""Bids in first-price auctions under a budget, and with a return on what is spent.

The constraint is that of return on investment, which a replenishable budget can express; the model is ours. M.
Castiglioni, A. Celli, C. Kroer. Online learning under budget and ROI constraints via weak adaptivity. ICML 2024 (arXiv
2302.01203).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from banditlab.environments.budgeted import Budgeted, check_law, check_room
from banditlab.registry import environment
from banditlab.types import AtLeastOne, Count, Positive


@environment("auto-bidding", game="knapsack", cite=("castiglioni2024online",))
@dataclass(frozen=True)
class AutoBidding(Budgeted):
    """In each round an item of value v is sold to the bid that is at least the rivals' highest one; it pays the bid.

    Actions are the bids 0, 1/n, ..., 1, of which 0, the void one, takes no part. A bid that wins earns v. The first
    resource is money, and a win costs payment * B / money of it: all budgets are B, and what may be spent is `money`.
    The second one is the return on investment: a win costs payment - v / roi, so that all payments together are at most
    B more than the value that they brought, divided by `roi`.

    Values and the rivals' highest bids are drawn from beta laws. An instance is a population of auctions, of which each
    round meets one, all with the same probability; the benchmark is that of its true means.
    """

    budget: AtLeastOne = 200.0  #: B, by how much payments may exceed sum of v / roi
    money: AtLeastOne = 1500.0  #: that may be spent, at least B
    roi: AtLeastOne = 1.5  #: value that a payment of 1 must bring
    bids: Count = 10  #: n, beside 0
    values: list[Positive] = (2.0, 2.0)  #: a and b of the beta law of v
    rivals: list[Positive] = (2.0, 3.0)  #: a and b of the beta law of the highest bid of the others
    auctions: Count = 1000  #: of the population

    sampled = True

    def __post_init__(self):
        check_law("values", self.values)
        check_law("rivals", self.rivals)
        if self.money < self.budget:
            raise ValueError(f"money: at least the budget, {self.budget:g}; got {self.money:g}")

    def count_resources(self) -> int:
        """Return m."""
        return 2

    def monotone(self) -> bool:
        """Return whether no cost is negative."""
        return False

    def draw(self, rng: np.random.Generator, horizon: int) -> np.ndarray:
        check_room(self.auctions, 1 + self.bids, 2)
        bids = np.arange(1 + self.bids) / self.bids
        values, rivals = (rng.beta(*law, (self.auctions, 1)) for law in (self.values, self.rivals))
        wins = (bids >= rivals) & (bids > 0.0)
        payments, values = wins * bids, wins * values
        return np.stack([values, payments * (self.budget / self.money), payments - values / self.roi], axis=2)
