"""Twin of LinTS: Agrawal and Goyal 2013, Algorithm 1."""

import numpy as np

from tests.reference.encodings import Encoding
from tests.reference.worlds import CLASSES, LINEAR, LINEAR_STATIC, LOGISTIC

#: (environment, horizon, parameters)
CASES = [
    (LINEAR, 300, {}),
    (LINEAR, 300, {"v": 0.3}),
    (LINEAR_STATIC, 300, {"delta": 0.5}),
    (LINEAR_STATIC, 300, {"v": 1.0, "ridge": 0.1}),
    (LOGISTIC, 300, {"ridge": 3.0}),
    (LINEAR, 100, {"encoding": "disjoint"}),
    (CLASSES, 100, {"v": 0.3, "ridge": 0.5}),
    (CLASSES, 100, {"v": 1.0, "encoding": "disjoint"}),
]


class LinTS:
    """B = I + sum b b', mu = B^-1 sum b r; sample from N(mu, v^2 B^-1), play the largest b_i' of the sample.
    v = R sqrt(9 d ln(t / delta)). The I is lambda I here."""

    def __init__(self, policy, problem, rng):
        self.policy, self.encode = policy, Encoding(policy, problem)
        self.noise = problem.noise if policy.v == "theory" else None
        self.contexts, self.rewards = np.empty((0, self.encode.dim)), np.empty(0)

    def choose(self, t, features, rng, pick):
        dim = self.encode.dim
        b = self.policy.ridge * np.eye(dim) + self.contexts.T @ self.contexts
        v = self.policy.v
        if v == "theory":
            v = self.noise * np.sqrt(9 * dim * np.log((t + 1) / self.policy.delta))
        z = np.array([rng.standard_normal() for _ in range(dim)])
        # with B = L L', the covariance of L'^-1 z is B^-1
        deviation = np.linalg.solve(np.linalg.cholesky(b).T, z)
        sample = np.linalg.inv(b) @ (self.contexts.T @ self.rewards) + v * deviation
        return pick(self.encode(features) @ sample)

    def learn(self, t, features, arm, reward):
        self.contexts = np.vstack([self.contexts, self.encode(features)[arm]])
        self.rewards = np.append(self.rewards, reward)
