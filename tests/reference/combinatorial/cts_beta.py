"""Twin of CTS-Beta (Wang and Chen 2018, Algorithm 1), with the policy's own way to draw a Beta."""

import numpy as np

from banditlab.numerics.hashing import uniform
from banditlab.numerics.sampling import beta
from tests.reference.combinatorial_worlds import GRID, PAIRS, TOP, TREE, best_set, seen, worth

CASES = [(TOP, 400, {}), (GRID, 150, {}), (PAIRS, 150, {}), (TREE, 150, {})]


class CTSBeta:
    def __init__(self, policy, problem, rng):
        self.family, self.coin = problem.family, rng.integers(0, 2**64, dtype=np.uint64)
        self.a, self.b = np.ones(problem.parts), np.ones(problem.parts)

    def choose(self, t, features, rng, pick):
        theta = [beta(rng, a, b) for a, b in zip(self.a, self.b, strict=True)]
        return pick(best_set(self.family, theta), worth(theta))

    def learn(self, t, features, items, outcome):
        for part, value in zip(*seen(outcome), strict=True):
            won = value == 1.0 or (value > 0.0 and uniform(self.coin, part, t) < value)
            self.a[part] += won
            self.b[part] += not won
