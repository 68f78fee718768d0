"""Twin of NeuralUCB: Zhou, Li and Gu 2020, Algorithm 1, and the form in which it was published."""

import numpy as np

from tests.reference.fitted import Posterior
from tests.reference.worlds import CLASSES, LINEAR

SMALL = {"hidden": (4,), "steps": 20}

#: (environment, horizon, parameters)
CASES = [
    (LINEAR, 40, {**SMALL, "tolerance": 0.05, "ridge": 0.1, "until": 10, "every": 2, "later": 5}),
    (LINEAR, 40, {"hidden": (4, 3), "steps": 20, "covariance": "full", "activation": "tanh", "nu": 0.1}),
    (LINEAR, 30, {**SMALL, "training": "batch", "steps": 5, "rate": 0.05, "until": 0, "later": 1}),
    (LINEAR, 30, {**SMALL, "optimiser": "adam", "ridge": 0.5}),
    (LINEAR, 30, {**SMALL, "preset": "paper", "steps": 5, "rate": 0.01, "ridge": 0.5, "nu": 0.5}),
    (LINEAR, 30, {"hidden": (4, 4), "preset": "paper", "steps": 3, "covariance": "full"}),
    (CLASSES, 40, {**SMALL, "ridge": 0.1}),
    (CLASSES, 40, {**SMALL, "optimiser": "adam", "training": "batch", "steps": 5, "covariance": "full"}),
    (CLASSES, 30, {"hidden": (4,), "preset": "paper", "steps": 3, "rate": 0.01, "tolerance": 0.1}),
    (CLASSES, 30, {"hidden": (), "preset": "paper", "steps": 5, "rate": 0.05, "ridge": 1.0, "covariance": "full"}),
]


class NeuralUCB:
    """argmax f(x_a) + gamma sqrt(g'U^-1 g)."""

    def __init__(self, policy, problem, rng):
        self.posterior = Posterior(policy, problem, rng)
        self.width = policy.nu if policy.preset == "paper" else np.sqrt(policy.ridge * policy.nu)

    def choose(self, t, features, rng, pick):
        means, squares = self.posterior.predict(features)
        return pick(means + self.width * np.sqrt(squares))

    def learn(self, t, features, arm, reward):
        self.posterior.learn(t, features, arm, reward)
