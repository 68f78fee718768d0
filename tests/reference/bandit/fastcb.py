"""Twin of FastCB: Foster and Krishnamurthy 2021, Algorithm 1; logistic regression by online Newton as its oracle."""

import numpy as np
from scipy import special

from banditlab.environments.bandit.logistic import Logistic
from tests.reference import draws
from tests.reference.encodings import Encoding
from tests.reference.worlds import CLASSES, LOGISTIC, LOGISTIC_STATIC

#: (environment, horizon, parameters)
CASES = [
    (LOGISTIC, 300, {}),
    (LOGISTIC, 300, {"gamma": 20.0, "exponent": 0.5}),
    (LOGISTIC, 300, {"gamma": 500.0, "ridge": 0.1}),
    (LOGISTIC_STATIC, 300, {"level": 0.1}),
    (LOGISTIC_STATIC, 300, {"ridge": 5.0}),
    (Logistic(arms=2, dim=20, signal=10.0), 300, {}),
    (LOGISTIC, 100, {"encoding": "disjoint"}),
    (CLASSES, 100, {}),
    (CLASSES, 100, {"gamma": 20.0, "exponent": 0.5, "encoding": "disjoint", "ridge": 0.5}),
    (Logistic(arms=2, dim=1), 6000, {}),  # so long that gamma is not 10 K
]


class FastCB:
    """y_a predicts the loss 1 - r; b = argmin y, p_a = y_b / (K y_b + gamma (y_a - y_b)), p_b = 1 - the others."""

    def __init__(self, policy, problem, rng):
        self.policy, self.encode = policy, Encoding(policy, problem)
        arms, dim = problem.arms, self.encode.dim
        self.gamma = policy.gamma
        if policy.gamma == "horizon":
            best, regret = policy.level * problem.horizon, dim * np.log(1 + problem.horizon / dim)
            self.gamma = max(np.sqrt(arms * best / (3 * regret)), 10 * arms)
        self.theta, self.hessian = np.zeros(dim), policy.ridge * np.eye(dim)

    def choose(self, t, features, rng, pick):
        y, arms = 1 - special.expit(self.encode(features) @ self.theta), len(features)
        b = int(np.argmin(y))
        p = y[b] / (arms * y[b] + self.gamma * t**self.policy.exponent * (y - y[b]))
        p[b] = 1 - np.delete(p, b).sum()
        return draws.weighted(rng, p)

    def learn(self, t, features, arm, reward):
        """The gradient of -(1 - r) ln y - r ln(1 - y) in theta is (1 - y - r) x, its curvature y (1 - y) x x'."""
        x = self.encode(features)[arm]
        mean = special.expit(x @ self.theta)
        self.hessian = self.hessian + mean * (1 - mean) * np.outer(x, x)
        self.theta = self.theta - np.linalg.solve(self.hessian, (mean - reward) * x)
