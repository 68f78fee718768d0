"""Twin of OG^o (Streeter, Golovin 2008): Hedge over items in each place, told of rounds of exploration alone."""

import math

import numpy as np

from tests.reference.combinatorial_worlds import BOUGHT, COVERED
from tests.reference.offline_algorithms import costs_of

CASES = [(COVERED, 400, {}), (COVERED, 20, {}), (BOUGHT, 2000, {})]


class OGo:
    def __init__(self, policy, problem, rng):
        self.costs, budget = costs_of(problem.family)
        n, T = problem.items, problem.horizon
        self.experts = K = math.floor(budget / min(self.costs))
        self.gamma = min(1, K * (n * math.log(n) / T) ** (1 / 3))
        best_gain = self.gamma * T / (K * n)
        self.eta = math.sqrt(2 * math.log(n) / best_gain)
        self.gains = np.zeros((K, n))

    def choose(self, t, features, rng, pick):
        n = len(self.costs)
        explores, i, a = rng.random() < self.gamma, int(rng.random() * self.experts), int(rng.random() * n)
        self.tried = (i, a) if explores else None
        experts = self.gains[:i] if explores else self.gains
        found = []
        for gains in experts:
            p = np.exp(self.eta * (gains - gains.max()))
            chosen = int(np.searchsorted(np.cumsum(p / p.sum()), rng.random(), side="right"))
            if rng.random() < min(self.costs) / self.costs[chosen]:
                found.append(chosen)
        if explores and rng.random() < min(self.costs) / self.costs[a]:
            found.append(a)
        return list(dict.fromkeys(found))

    def learn(self, t, features, items, outcome):
        if self.tried:
            self.gains[self.tried] += outcome[0]
