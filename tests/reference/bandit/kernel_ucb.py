"""Twin of KernelUCB: Valko et al. 2013, as a baseline in the code of Zhang et al. 2021: the explicit inverse."""

import math

import numpy as np

from tests.reference.encodings import Encoding
from tests.reference.worlds import CLASSES, LINEAR, LINEAR_STATIC

#: (environment, horizon, parameters)
CASES = [
    (LINEAR, 80, {}),
    (LINEAR, 80, {"kernel": "rbf", "length_scale": 0.5, "nu": 1.0, "room": 50}),
    (LINEAR_STATIC, 60, {"kernel": "matern-3/2", "ridge": 0.1, "nu": 10.0}),
    (LINEAR, 60, {"kernel": "linear", "ridge": 2.0, "nu": 0.5}),
    (LINEAR, 60, {"encoding": "disjoint", "length_scale": 2.0}),
    (CLASSES, 80, {}),
    (CLASSES, 60, {"kernel": "matern-5/2", "room": 30, "nu": 0.0}),
    (CLASSES, 60, {"kernel": "linear", "encoding": "disjoint", "nu": 1.0}),
]


def covariance(name, x, y, length_scale):
    r = np.linalg.norm(x - y) / length_scale
    return {
        "rbf": math.exp(-(r**2) / 2),
        "matern-1/2": math.exp(-r),
        "matern-3/2": (1 + math.sqrt(3) * r) * math.exp(-math.sqrt(3) * r),
        "matern-5/2": (1 + math.sqrt(5) * r + 5 * r**2 / 3) * math.exp(-math.sqrt(5) * r),
        "linear": x @ y,
    }[name]


class KernelUCB:
    """U = (K + lambda I)^-1; the largest k'U r + sqrt(lambda nu (k(x, x) - k'U k)), on the first points alone."""

    def __init__(self, policy, problem, rng):
        self.policy, self.encode = policy, Encoding(policy, problem)
        self.points, self.rewards, self.gram = [], [], np.empty((0, 0))

    def covariances(self, x):
        return np.array([covariance(self.policy.kernel, x, y, self.policy.length_scale) for y in self.points])

    def choose(self, t, features, rng, pick):
        policy = self.policy
        u = np.linalg.inv(self.gram + policy.ridge * np.eye(len(self.points)))
        scores = []
        for x in self.encode(features):
            k = self.covariances(x)
            variance = covariance(policy.kernel, x, x, policy.length_scale) - k @ u @ k
            scores.append(k @ u @ self.rewards + math.sqrt(policy.ridge * policy.nu * variance))
        return pick(np.array(scores))

    def learn(self, t, features, arm, reward):
        if len(self.points) == self.policy.room:
            return
        self.points.append(self.encode(features)[arm])
        k = self.covariances(self.points[-1])
        self.gram = np.block([[self.gram, k[:-1, None]], [k]])
        self.rewards.append(reward)
