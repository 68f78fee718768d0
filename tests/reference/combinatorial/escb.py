"""Twin of ESCB-2 (Combes et al. 2015), and of the greedy search for its index."""

import math

import numpy as np

from tests.reference.combinatorial_worlds import GRID, TOP, TREE, seen

CASES = [
    (TOP, 300, {}),
    (TOP, 300, {"schedule": "practical"}),
    (TOP, 200, {"search": "greedy"}),
    (GRID, 150, {"schedule": "practical"}),
    (TREE, 150, {}),
]


class ESCB:
    def __init__(self, policy, problem, rng):
        self.policy, self.family, self.m = policy, problem.family, problem.family.size
        self.values = [[] for _ in range(problem.parts)]

    def choose(self, t, features, rng, pick):
        n = len(self.values)
        f = math.log(t + 1)
        if self.policy.schedule == "theory" and t + 1 > math.e:
            f += 4 * self.m * math.log(math.log(t + 1))

        def index(items):
            if not all(self.values):
                return float(sum(not self.values[i] for i in items))
            spread = sum(1 / len(self.values[i]) for i in items)
            return sum(np.mean(self.values[i]) for i in items) + math.sqrt(f / 2 * spread)

        if self.policy.search == "exact":
            return pick(max(self.family.sets(), key=index), index)
        chosen = []
        for _ in range(self.m):
            left = [i for i in range(n) if i not in chosen]
            chosen.append(max(left, key=lambda i: index([*chosen, i])))
        return pick(chosen, index)

    def learn(self, t, features, items, outcome):
        for part, value in zip(*seen(outcome), strict=True):
            self.values[part].append(value)
