"""Twin of sliding-window UCB: Garivier and Moulines 2011, Algorithm 2."""

import numpy as np

from tests.reference.worlds import ADVERSARIAL, BERNOULLI, GAUSSIAN, TABLE

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 400, {}),
    (ADVERSARIAL, 400, {"changes": 8}),
    (TABLE, 300, {"tau": 60, "xi": 0.3}),
    (GAUSSIAN, 300, {"tau": 25, "b": 0.5}),
    (TABLE, 300, {"tau": 2}),
    (TABLE, 200, {"tau": 1}),
    (GAUSSIAN, 200, {"tau": 100000, "b": 2.0}),
]


class SlidingWindowUCB:
    """Each arm once, then the largest X_t(tau, i) + c_t(tau, i): mean reward of arm i in the last tau rounds, and
    B sqrt(xi log(min(t, tau)) / N_t(tau, i)) for N_t(tau, i) plays of it in them; infinite without plays."""

    def __init__(self, policy, problem, rng):
        self.policy, self.count, self.tau = policy, problem.arms, policy.tau
        if policy.tau == "horizon":
            horizon = problem.horizon
            self.tau = int(np.ceil(2 * policy.b * np.sqrt(horizon * np.log(horizon) / (policy.changes or 1))))
        self.arms, self.rewards = [], []

    def choose(self, t, features, rng, pick):
        if t < self.count:
            return t
        arms, rewards = np.array(self.arms[-self.tau :]), np.array(self.rewards[-self.tau :])
        plays = np.array([(arms == k).sum() for k in range(self.count)])
        if (plays == 0).any():
            return int(np.argmin(plays > 0))
        means = np.array([rewards[arms == k].mean() for k in range(self.count)])
        return pick(means + self.policy.b * np.sqrt(self.policy.xi * np.log(min(t + 1, self.tau)) / plays))

    def learn(self, t, features, arm, reward):
        self.arms.append(arm)
        self.rewards.append(reward)
