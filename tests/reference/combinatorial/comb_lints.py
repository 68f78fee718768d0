"""Twin of CombLinTS (Wen, Kveton, Ashkan 2015, Algorithms 1 and 2), with the normal equations solved anew."""

import numpy as np

from tests.reference.combinatorial_worlds import LINEAR, best_set, seen, worth

CASES = [(LINEAR, 300, {}), (LINEAR, 150, {"scale": 0.5, "sigma": 1.0})]


class CombLinTS:
    def __init__(self, policy, problem, rng):
        self.sigma, self.family, self.x = policy.sigma, problem.family, problem.domain
        self.precision, self.moment = np.eye(problem.dim) / policy.scale**2, np.zeros(problem.dim)

    def choose(self, t, features, rng, pick):
        z = np.array([rng.standard_normal() for _ in self.moment])
        root = np.linalg.cholesky(self.precision).T
        weights = self.x @ (np.linalg.solve(self.precision, self.moment) + np.linalg.solve(root, z))
        return pick(best_set(self.family, weights), worth(weights))

    def learn(self, t, features, items, outcome):
        for part, value in zip(*seen(outcome), strict=True):
            self.precision = self.precision + np.outer(self.x[part], self.x[part]) / self.sigma**2
            self.moment = self.moment + self.x[part] * value / self.sigma**2
