"""Twin of LLR (Gai, Krishnamachari, Jain 2012, Algorithm 1)."""

import math

import numpy as np

from tests.reference.combinatorial_worlds import PAIRS, TOP, TREE, best_set, seen, worth

CASES = [(TOP, 400, {}), (PAIRS, 150, {}), (TREE, 150, {})]


class LLR:
    def __init__(self, policy, problem, rng):
        self.family = problem.family
        self.values = [[] for _ in range(problem.parts)]

    def choose(self, t, features, rng, pick):
        if all(self.values):
            scale = (self.family.size + 1) * math.log(t + 1)
            weights = [np.mean(found) + math.sqrt(scale / len(found)) for found in self.values]
        else:
            weights = [0.0 if found else 1.0 for found in self.values]
        return pick(best_set(self.family, weights), worth(weights))

    def learn(self, t, features, items, outcome):
        for part, value in zip(*seen(outcome), strict=True):
            self.values[part].append(value)
