"""Twin of SquareCB: Foster and Rakhlin 2020, Algorithm 1 with mu = K, on losses; two linear regressions as oracles."""

import numpy as np

from tests.reference import draws
from tests.reference.encodings import Encoding
from tests.reference.worlds import CLASSES, LINEAR, LINEAR_STATIC, LOGISTIC

#: (environment, horizon, parameters)
CASES = [
    (LINEAR, 300, {}),
    (LINEAR, 300, {"oracle": "ridge", "delta": 0.5}),
    (LINEAR, 300, {"gamma": 10.0, "exponent": 0.5}),
    (LINEAR_STATIC, 300, {"gamma": 50.0, "ridge": 0.1}),
    (LINEAR_STATIC, 300, {"oracle": "ridge", "ridge": 4.0}),
    (LOGISTIC, 300, {}),
    (LINEAR, 100, {"encoding": "disjoint"}),
    (CLASSES, 100, {}),
    (CLASSES, 100, {"oracle": "ridge", "gamma": 20.0, "exponent": 0.5, "encoding": "disjoint", "ridge": 0.5}),
]


class SquareCB:
    """y_a predicts the loss -r; b = argmin y, p_a = 1 / (mu + gamma (y_a - y_b)) for a != b, p_b = 1 - the others."""

    def __init__(self, policy, problem, rng):
        self.policy, self.encode = policy, Encoding(policy, problem)
        arms, dim = problem.arms, self.encode.dim
        self.gamma = policy.gamma
        if policy.gamma == "horizon":
            regret = dim * np.log(1 + problem.horizon / dim)
            self.gamma = np.sqrt(arms * problem.horizon / (regret + np.log(2 / policy.delta)))
        self.contexts, self.losses = np.empty((0, dim)), np.empty(0)

    def predict(self, x):
        """Ridge regression; the forecast sees x once more, with loss 0."""
        v = self.policy.ridge * np.eye(len(x)) + self.contexts.T @ self.contexts
        if self.policy.oracle == "forecast":
            v = v + np.outer(x, x)
        return x @ np.linalg.inv(v) @ (self.contexts.T @ self.losses)

    def choose(self, t, features, rng, pick):
        y, arms = np.array([self.predict(x) for x in self.encode(features)]), len(features)
        b = int(np.argmin(y))
        p = 1 / (arms + self.gamma * t**self.policy.exponent * (y - y[b]))
        p[b] = 1 - np.delete(p, b).sum()
        return draws.weighted(rng, p)

    def learn(self, t, features, arm, reward):
        self.contexts = np.vstack([self.contexts, self.encode(features)[arm]])
        self.losses = np.append(self.losses, -reward)
