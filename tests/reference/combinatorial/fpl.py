"""Twin of FPL with geometric resampling (Neu and Bartok 2016)."""

import math

import numpy as np

from tests.reference.combinatorial_worlds import GRID, PAIRS, TOP, best_set, seen, worth

CASES = [(TOP, 400, {}), (GRID, 150, {}), (PAIRS, 150, {})]


class FPL:
    def __init__(self, policy, problem, rng):
        n, m, T = problem.items, problem.family.size, problem.horizon
        h = math.log(n / m) + 1
        self.family, self.losses = problem.family, np.zeros(n)
        self.eta, self.most = math.sqrt(h / (2 * n * T)), math.ceil(math.sqrt(n * T) / (math.e * m * math.sqrt(2 * h)))

    def weights(self, rng):
        return np.array([rng.standard_exponential() for _ in self.losses]) - self.eta * self.losses

    def choose(self, t, features, rng, pick):
        weights = self.weights(rng)
        chosen = pick(best_set(self.family, weights), worth(weights))
        self.waits = {}
        for k in range(1, self.most + 1):
            for item in best_set(self.family, self.weights(rng)):
                self.waits.setdefault(item, k)
            if all(item in self.waits for item in chosen):
                break
        return chosen

    def learn(self, t, features, items, outcome):
        for part, value in zip(*seen(outcome), strict=True):
            self.losses[part] += self.waits.get(part, self.most) * (1 - value)
