"""Twin of discounted UCB: Garivier and Moulines 2011, Algorithm 1."""

import numpy as np

from tests.reference.worlds import ADVERSARIAL, BERNOULLI, GAUSSIAN, TABLE

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 400, {}),
    (ADVERSARIAL, 400, {"changes": 8}),
    (TABLE, 300, {"gamma": 0.9, "xi": 0.3}),
    (GAUSSIAN, 300, {"gamma": 0.98, "b": 2.5}),
    (TABLE, 300, {"changes": 3, "b": 2.0, "xi": 0.05}),
    (BERNOULLI, 200, {"gamma": 0.05}),
]


class DiscountedUCB:
    """Each arm once, then the largest X_t(gamma, i) + c_t(gamma, i), where

    X_t(gamma, i) = sum_s gamma^(t - s) X_s(i) 1{I_s = i} / N_t(gamma, i),
    N_t(gamma, i) = sum_s gamma^(t - s) 1{I_s = i},
    c_t(gamma, i) = 2 B sqrt(xi log n_t(gamma) / N_t(gamma, i)),
    n_t(gamma) = sum_i N_t(gamma, i).
    """

    def __init__(self, policy, problem, rng):
        self.policy, self.count = policy, problem.arms
        self.gamma = policy.gamma
        if policy.gamma == "horizon":
            self.gamma = 1 - np.sqrt((policy.changes or 1) / problem.horizon) / (4 * policy.b)
        self.arms, self.rewards = [], []

    def choose(self, t, features, rng, pick):
        if t < self.count:
            return t
        weights = self.gamma ** np.arange(t - 1, -1, -1.0)
        own = np.array(self.arms)[None] == np.arange(self.count)[:, None]
        n = own @ weights
        mean = own @ (weights * self.rewards) / n
        return pick(mean + 2 * self.policy.b * np.sqrt(self.policy.xi * np.log(weights.sum()) / n))

    def learn(self, t, features, arm, reward):
        self.arms.append(arm)
        self.rewards.append(reward)
