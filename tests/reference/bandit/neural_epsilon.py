"""Twin of neural epsilon-greedy."""

import numpy as np

from tests.reference import draws
from tests.reference.fitted import Learner
from tests.reference.worlds import CLASSES, LINEAR

SMALL = {"hidden": (4,), "steps": 20}

#: (environment, horizon, parameters)
CASES = [
    (LINEAR, 40, {**SMALL, "epsilon": 0.3}),
    (LINEAR, 30, {**SMALL, "training": "batch", "steps": 5, "rate": 0.05}),
    (CLASSES, 40, {**SMALL, "tolerance": 0.01}),
]


class NeuralEpsilon:
    """argmax f(x_a), or with probability epsilon any arm."""

    def __init__(self, policy, problem, rng):
        self.policy, self.learner = policy, Learner(policy, problem, rng, 0.0)

    def choose(self, t, features, rng, pick):
        if rng.random() < self.policy.epsilon:
            return draws.index(rng, len(features))
        learner = self.learner
        return pick(np.array([learner.net.value(learner.w, learner.encode(x, a)) for a, x in enumerate(features)]))

    def learn(self, t, features, arm, reward):
        self.learner.learn(t, self.learner.encode(features[arm], arm), reward)
