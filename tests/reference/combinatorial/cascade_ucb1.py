"""Twin of CascadeUCB1 (Kveton et al. 2015, Algorithms 1 and 2)."""

import math

import numpy as np

from tests.reference.combinatorial_worlds import LIST, best_set, list_worth, seen

CASES = [(LIST, 300, {}), (LIST, 200, {"width": 0.3})]


class CascadeUCB1:
    def __init__(self, policy, problem, rng):
        self.c, self.family = policy.width, problem.family
        self.values = [[] for _ in range(problem.items)]

    def choose(self, t, features, rng, pick):
        if not all(self.values):
            weights = [0.0 if found else 1.0 for found in self.values]
        else:
            weights = [np.mean(found) + math.sqrt(self.c * math.log(t) / len(found)) for found in self.values]
        return pick(best_set(self.family, weights), list_worth(weights))

    def learn(self, t, features, items, outcome):
        for part, value in zip(*seen(outcome), strict=True):
            self.values[part].append(value)
