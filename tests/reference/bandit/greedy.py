"""Twin of follow-the-leader."""

import numpy as np

from tests.reference.worlds import BERNOULLI, GAUSSIAN

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 300, {}),
    (GAUSSIAN, 300, {}),
]


class Greedy:
    """Each arm once, then the largest mean reward."""

    def __init__(self, policy, problem, rng):
        self.rewards = [[] for _ in range(problem.arms)]

    def choose(self, t, features, rng, pick):
        if t < len(self.rewards):
            return t
        return pick(np.array([np.mean(rewards) for rewards in self.rewards]))

    def learn(self, t, features, arm, reward):
        self.rewards[arm].append(reward)
