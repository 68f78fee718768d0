"""Twin of NeuralTS: Zhang, Zhou, Li and Gu 2021, Algorithm 1, and the form in which it was published."""

import numpy as np

from tests.reference.fitted import Posterior
from tests.reference.worlds import CLASSES, LINEAR

SMALL = {"hidden": (4,), "steps": 20}

#: (environment, horizon, parameters)
CASES = [
    (LINEAR, 40, {**SMALL, "ridge": 0.1}),
    (LINEAR, 30, {**SMALL, "training": "batch", "steps": 5, "rate": 0.05, "covariance": "full"}),
    (LINEAR, 30, {**SMALL, "preset": "paper", "steps": 5, "rate": 0.01, "ridge": 0.5, "nu": 0.5}),
    (CLASSES, 40, {**SMALL, "ridge": 0.1, "nu": 0.1}),
]


class NeuralTS:
    """argmax of draws from N(f(x_a), nu^2 lambda g'U^-1 g), or in the published form N(f(x_a), nu lambda g'U^-1 g)."""

    def __init__(self, policy, problem, rng):
        self.posterior = Posterior(policy, problem, rng)
        self.width = np.sqrt(policy.ridge) * (policy.nu if policy.preset == "paper" else np.sqrt(policy.nu))

    def choose(self, t, features, rng, pick):
        means, squares = self.posterior.predict(features)
        return pick(means + self.width * np.sqrt(squares) * np.array([rng.standard_normal() for _ in means]))

    def learn(self, t, features, arm, reward):
        self.posterior.learn(t, features, arm, reward)
