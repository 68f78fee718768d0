"""Twin of LinUCB with one parameter: Li et al. 2010, Algorithm 1, for a model that all arms share."""

import numpy as np

from tests.reference.worlds import LINEAR, LINEAR_STATIC

#: (environment, horizon, parameters)
CASES = [
    (LINEAR, 300, {}),
    (LINEAR, 300, {"width": 0.1, "ridge": 0.01}),
    (LINEAR_STATIC, 300, {"width": 2.0, "ridge": 5.0}),
]


class LinUCB:
    """A = lambda I + sum x x', b = sum r x, theta = A^-1 b; play the largest theta'x + alpha sqrt(x' A^-1 x)."""

    def __init__(self, policy, problem, rng):
        self.alpha, self.ridge = policy.width, policy.ridge
        self.contexts, self.rewards = np.empty((0, problem.dim)), np.empty(0)

    def choose(self, t, features, rng, pick):
        a = self.ridge * np.eye(features.shape[1]) + self.contexts.T @ self.contexts
        theta = np.linalg.solve(a, self.contexts.T @ self.rewards)
        return pick(np.array([theta @ x + self.alpha * np.sqrt(x @ np.linalg.solve(a, x)) for x in features]))

    def learn(self, t, features, arm, reward):
        self.contexts = np.vstack([self.contexts, features[arm]])
        self.rewards = np.append(self.rewards, reward)
