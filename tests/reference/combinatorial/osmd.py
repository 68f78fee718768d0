"""Twin of OSMD on m-sets (Audibert, Bubeck, Lugosi 2014), with the projection by sorting."""

import math

import numpy as np

from tests.reference.combinatorial_worlds import LINEAR, TOP, seen

CASES = [(TOP, 500, {}), (LINEAR, 200, {})]


def projected(y, m):
    """min(1, c y), for the first number j of capped items for which the next largest is not above 1."""
    order = np.argsort(-y)
    for j in range(m + 1):
        c = (m - j) / y[order[j:]].sum()
        if c * y[order[j]] <= 1:
            return np.minimum(1, np.where(np.isin(np.arange(len(y)), order[:j]), 1.0, c * y))
    raise AssertionError


class OSMD:
    def __init__(self, policy, problem, rng):
        n, self.m = problem.items, problem.family.size
        self.eta = math.sqrt(2 * self.m * math.log(n / self.m) / (n * problem.horizon))
        self.x = np.full(n, self.m / n)

    def choose(self, t, features, rng, pick):
        ends, u = np.cumsum(self.x), rng.random()
        return [int(np.searchsorted(ends, u + j, side="right")) for j in range(self.m)]

    def learn(self, t, features, items, outcome):
        estimates = np.zeros(len(self.x))
        for part, value in zip(*seen(outcome), strict=True):
            estimates[part] = (1 - value) / self.x[part]
        self.x = projected(self.x * np.exp(-self.eta * estimates), self.m)
