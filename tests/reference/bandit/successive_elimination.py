"""Twin of successive elimination: Even-Dar, Mannor, Mansour 2006, Algorithm 3."""

import numpy as np

from banditlab.environments.bandit.bernoulli import Bernoulli
from banditlab.environments.bandit.gaussian import Gaussian
from tests.reference.worlds import BERNOULLI, GAUSSIAN

FAR = Gaussian(means=[0.0, 2.0, 1.0, -1.0], std=0.5)
CLEAR = Bernoulli(means=[0.05, 0.9, 0.5])

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 400, {}),
    (CLEAR, 500, {"delta": 0.5}),
    (GAUSSIAN, 300, {}),
    (FAR, 500, {"delta": 0.01}),
    (FAR, 300, {"c": 8.0}),
]


class SuccessiveElimination:
    """Sample every arm of S once; drop those with max mean - mean >= 2 alpha_t; t = t + 1; while |S| > 1."""

    def __init__(self, policy, problem, rng):
        self.policy, self.scale = policy, problem.noise / 0.5
        self.rewards = [[] for _ in range(problem.arms)]
        self.survivors, self.queue, self.t = list(range(problem.arms)), list(range(problem.arms)), 0

    def choose(self, t, features, rng, pick):
        return self.queue[0]

    def learn(self, t, features, arm, reward):
        self.rewards[arm].append(reward)
        self.queue = self.queue[1:]
        if not self.queue:
            self.t += 1
            count = self.policy.c * len(self.rewards) * self.t**2 / self.policy.delta
            alpha = np.sqrt(np.log(count) / self.t) * self.scale
            top = max(np.mean(self.rewards[a]) for a in self.survivors)
            self.survivors = [a for a in self.survivors if top - np.mean(self.rewards[a]) < 2 * alpha]
            self.queue = list(self.survivors)

    def recommend(self, t):
        return max(self.survivors, key=lambda a: np.mean(self.rewards[a]) if self.rewards[a] else -np.inf)

    def stop(self, t):
        return len(self.survivors) == 1
