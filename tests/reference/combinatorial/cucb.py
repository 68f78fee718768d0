"""Twin of CUCB (Chen, Wang, Yuan 2013, Algorithm 1)."""

import math

import numpy as np

from tests.reference.combinatorial_worlds import GRID, LINEAR, PAIRS, TOP, TREE, best_set, seen, worth

CASES = [
    (TOP, 300, {}),
    (TOP, 200, {"width": 0.5}),
    (GRID, 150, {"width": 0.2}),
    (PAIRS, 150, {"width": 0.2}),
    (TREE, 150, {"width": 0.2}),
    (LINEAR, 100, {}),
]


class CUCB:
    def __init__(self, policy, problem, rng):
        self.c, self.family = policy.width, problem.family
        self.values = [[] for _ in range(problem.parts)]

    def choose(self, t, features, rng, pick):
        if t < len(self.values) and not all(self.values):
            weights = [0.0 if found else 1.0 for found in self.values]
        else:
            weights = [
                min(1.0, np.mean(found) + math.sqrt(self.c * math.log(t + 1) / len(found))) if found else 1.0
                for found in self.values
            ]
        return pick(best_set(self.family, weights), worth(weights))

    def learn(self, t, features, items, outcome):
        for part, value in zip(*seen(outcome), strict=True):
            self.values[part].append(value)
