"""Twin of epsilon-greedy: Auer, Cesa-Bianchi, Fischer 2002, Figure 3."""

import numpy as np

from tests.reference import draws
from tests.reference.worlds import BERNOULLI, GAUSSIAN, TABLE

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 400, {}),
    (GAUSSIAN, 300, {"epsilon": 0.4}),
    (TABLE, 300, {"epsilon": 0.0}),
    (TABLE, 200, {"epsilon": 1.0}),
    (BERNOULLI, 500, {"schedule": "decaying", "d": 0.5}),
    (GAUSSIAN, 500, {"schedule": "decaying", "c": 0.2, "d": 0.3}),
    (BERNOULLI, 300, {"schedule": "decaying", "c": 1e-3, "d": 0.9}),
]


class EpsilonGreedy:
    """Let i_n be the machine with the highest current average reward. With probability 1 - epsilon_n play i_n, and with
    probability epsilon_n play a random arm; epsilon_n = min(1, c K / (d^2 n))."""

    def __init__(self, policy, problem, rng):
        self.rewards = [[] for _ in range(problem.arms)]
        self.policy = policy

    def epsilon(self, n):
        if self.policy.schedule == "fixed":
            return 0.1 if self.policy.epsilon is None else self.policy.epsilon
        c = 5 if self.policy.c is None else self.policy.c
        return min(1, c * len(self.rewards) / (self.policy.d**2 * n))

    def choose(self, t, features, rng, pick):
        if rng.random() < self.epsilon(t + 1):
            return draws.index(rng, len(self.rewards))
        for arm, rewards in enumerate(self.rewards):
            if not rewards:
                return arm
        return pick(np.array([np.mean(rewards) for rewards in self.rewards]))

    def learn(self, t, features, arm, reward):
        self.rewards[arm].append(reward)
