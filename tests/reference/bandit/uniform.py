"""Twin of uniform play."""

import numpy as np

from tests.reference import draws
from tests.reference.worlds import BERNOULLI, GAUSSIAN

#: (environment, horizon, parameters)
CASES = [
    (GAUSSIAN, 300, {}),
    (BERNOULLI, 300, {}),
]


class Uniform:
    def __init__(self, policy, problem, rng):
        self.rewards = [[] for _ in range(problem.arms)]

    def choose(self, t, features, rng, pick):
        return draws.index(rng, len(self.rewards))

    def learn(self, t, features, arm, reward):
        self.rewards[arm].append(reward)

    def recommend(self, t):
        """The largest mean of the arms that were played."""
        return int(np.argmax([np.mean(rewards) if rewards else -np.inf for rewards in self.rewards]))
