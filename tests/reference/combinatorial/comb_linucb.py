"""Twin of CombLinUCB (Wen, Kveton, Ashkan 2015, Algorithms 1 and 3), with the paper's Kalman filter."""

import math

import numpy as np

from tests.reference.combinatorial_worlds import LINEAR, best_set, seen, worth

CASES = [(LINEAR, 300, {}), (LINEAR, 150, {"width": 2.0, "scale": 0.5, "sigma": 1.0})]


class CombLinUCB:
    def __init__(self, policy, problem, rng):
        self.policy, self.family, self.x = policy, problem.family, problem.domain
        self.mean, self.covariance = np.zeros(problem.dim), policy.scale**2 * np.eye(problem.dim)

    def choose(self, t, features, rng, pick):
        weights = [x @ self.mean + self.policy.width * math.sqrt(x @ self.covariance @ x) for x in self.x]
        return pick(best_set(self.family, weights), worth(weights))

    def learn(self, t, features, items, outcome):
        for part, value in zip(*seen(outcome), strict=True):
            x = self.x[part]
            v = self.covariance @ x
            spread = x @ v + self.policy.sigma**2
            self.mean = self.mean + v * (value - x @ self.mean) / spread
            self.covariance = self.covariance - np.outer(v, v) / spread
