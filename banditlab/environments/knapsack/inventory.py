"""Prices for what is in stock, and orders that fill the stock up.

The problem is one of those that motivate replenishable budgets: M. Bernasconi, M. Castiglioni, A. Celli, F. Fusco.
Bandits with replenishable knapsacks: the best of both worlds. ICLR 2024 (arXiv 2306.08470). The model is ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from banditlab.environments.budgeted import Budgeted, check_law, check_room
from banditlab.registry import environment
from banditlab.types import AtLeastOne, Count, Positive, Probability


@environment("inventory", game="knapsack", cite=("bernasconi2024bandits",))
@dataclass(frozen=True)
class Inventory(Budgeted):
    """In each round one customer comes; either an item is offered at a price, or one piece of it is ordered.

    Actions in their order: void, which offers nothing; each price of the first item, of the second, ...; an order of
    the first item, of the second, .... The customer buys a piece of an item where its price p is at most what it is
    worth to them: this earns p, and takes 1 from the stock. An order costs its order cost c, and adds 1. The budget is
    the stock of each item at the start.

    Rewards are mapped to [0, 1], as (earnings + c) / (p + c) with the highest order cost and price. Therefore the void
    action pays c / (p + c), and every difference of rewards, as a regret, is 1 / (p + c) of that of the earnings. The
    earnings of n rounds are (p + c) * reward - c * n. The metrics `alpha-regret` and `ratio` are of the mapped rewards.

    What the items are worth to a customer is drawn from beta laws. An instance is a population of customers, of whom
    each round meets one, all with the same probability; the benchmark is that of its true means.
    """

    budget: AtLeastOne = 1000.0  #: pieces of each item at the start
    prices: list[Probability] = (0.2, 0.4, 0.6, 0.8)  #: that each item can be offered at, above 0
    order_costs: list[Probability] = (0.2,)  #: of a piece of each item
    worth: list[Positive] = (1.0, 1.0)  #: a and b of the beta law of what an item is worth to a customer
    customers: Count = 1000  #: of the population

    sampled = True

    def __post_init__(self):
        check_law("worth", self.worth)
        if not self.order_costs:
            raise ValueError("order_costs: one for each item, got none")
        if min(self.prices, default=0.0) <= 0.0:
            raise ValueError(f"prices: at least one, each above 0; got {list(self.prices)}")

    def count_resources(self) -> int:
        """Return m."""
        return len(self.order_costs)

    def monotone(self) -> bool:
        """Return whether no cost is negative."""
        return False

    def draw(self, rng: np.random.Generator, horizon: int) -> np.ndarray:
        items, prices = len(self.order_costs), np.array(self.prices)
        offers, actions = len(prices), 1 + items * (len(prices) + 1)
        check_room(self.customers, actions, items)
        buys = rng.beta(*self.worth, (self.customers, items, 1)) >= prices
        table = np.zeros((self.customers, actions, 1 + items))
        for i, order_cost in enumerate(self.order_costs):
            offer, order = table[:, 1 + i * offers : 1 + (i + 1) * offers], table[:, 1 + items * offers + i]
            offer[..., 0], offer[..., 1 + i] = buys[:, i] * prices, buys[:, i]
            order[:, 0], order[:, 1 + i] = -order_cost, -1.0
        most = max(self.order_costs)
        table[..., 0] = (table[..., 0] + most) / (prices.max() + most)
        return table
