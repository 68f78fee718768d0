"""Twin of disjoint LinUCB: Li et al. 2010, Algorithm 1 (where lambda = 1)."""

import numpy as np

from tests.reference.worlds import CLASSES, LINEAR, LINEAR_STATIC

#: (environment, horizon, parameters)
CASES = [
    (LINEAR, 300, {}),
    (LINEAR_STATIC, 300, {"width": 0.3, "ridge": 0.1}),
    (CLASSES, 300, {"width": 0.5, "ridge": 2.0}),
]


class LinUCBDisjoint:
    """For each arm A_a = lambda I + sum x x', b_a = sum r x over its plays, theta_a = A_a^-1 b_a; play the largest
    theta_a'x_a + alpha sqrt(x_a' A_a^-1 x_a)."""

    def __init__(self, policy, problem, rng):
        self.alpha = policy.width
        self.a = [policy.ridge * np.eye(problem.dim) for _ in range(problem.arms)]
        self.b = [np.zeros(problem.dim) for _ in range(problem.arms)]

    def choose(self, t, features, rng, pick):
        scores = []
        for x, a, b in zip(features, self.a, self.b, strict=True):
            theta = np.linalg.solve(a, b)
            scores.append(theta @ x + self.alpha * np.sqrt(x @ np.linalg.solve(a, x)))
        return pick(np.array(scores))

    def learn(self, t, features, arm, reward):
        x = features[arm]
        self.a[arm] += np.outer(x, x)
        self.b[arm] += reward * x
