"""Twin of CTS-Gaussian (Perrault et al. 2020)."""

import math

import numpy as np

from tests.reference.combinatorial_worlds import GRID, TOP, best_set, seen, worth

CASES = [(TOP, 400, {}), (TOP, 200, {"variance": 1.0}), (GRID, 150, {})]


class CTSGaussian:
    def __init__(self, policy, problem, rng):
        self.variance, self.family = policy.variance, problem.family
        self.values = [[] for _ in range(problem.parts)]

    def choose(self, t, features, rng, pick):
        if all(self.values):
            weights = [np.mean(x) + math.sqrt(self.variance / len(x)) * rng.standard_normal() for x in self.values]
        else:
            weights = [0.0 if x else 1.0 for x in self.values]
        return pick(best_set(self.family, weights), worth(weights))

    def learn(self, t, features, items, outcome):
        for part, value in zip(*seen(outcome), strict=True):
            self.values[part].append(value)
