"""Twin of Thompson sampling with Gaussian posteriors: Agrawal and Goyal 2013, Algorithm 2."""

import numpy as np

from banditlab.environments.bandit.gaussian import Gaussian
from tests.reference.worlds import BERNOULLI, GAUSSIAN, TABLE

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 400, {}),
    (TABLE, 300, {}),
    (GAUSSIAN, 300, {"std": 0.3}),
    (BERNOULLI, 300, {"std": "told"}),
    (Gaussian(means=[10.0, -20.0, 30.0], std=50.0), 300, {"std": "told"}),
]


class ThompsonGaussian:
    """Sample theta_i from N(mean_i, 1 / (k_i + 1)), play the largest; mean_i = sum of rewards / (k_i + 1). With another
    std than 1, the posterior by Bayes's rule: precisions add up, means are weighted with them."""

    def __init__(self, policy, problem, rng):
        self.variance = (problem.noise if policy.std == "told" else policy.std) ** 2
        self.rewards = [[] for _ in range(problem.arms)]

    def choose(self, t, features, rng, pick):
        thetas = []
        for rewards in self.rewards:
            precision = 1 / self.variance + len(rewards) / self.variance
            mean = (0 / self.variance + sum(rewards) / self.variance) / precision
            thetas.append(mean + rng.standard_normal() / np.sqrt(precision))
        return pick(np.array(thetas))

    def learn(self, t, features, arm, reward):
        self.rewards[arm].append(reward)
