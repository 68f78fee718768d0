"""Twin of LUCB1: Kalyanakrishnan, Tewari, Auer, Stone 2012, for the best arm (m = 1)."""

import numpy as np

from banditlab.environments.bandit.gaussian import Gaussian
from tests.reference.worlds import BERNOULLI, GAUSSIAN

FAR = Gaussian(means=[0.0, 2.0, 1.0, -1.0], std=0.5)

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 400, {}),
    (BERNOULLI, 300, {"epsilon": 0.3, "delta": 0.2}),
    (GAUSSIAN, 301, {"k1": 3.0}),
    (FAR, 300, {"delta": 0.01}),
]


class LUCB:
    """In round t: h the arm of the largest mean, l that of the largest mean + beta(u, t) among the others;
    stop if (mean_l + beta_l) - (mean_h - beta_h) < epsilon, else sample both."""

    def __init__(self, policy, problem, rng):
        self.policy, self.scale = policy, problem.noise / 0.5
        self.rewards = [[] for _ in range(problem.arms)]
        self.turn, self.waiting, self.stopped = 0, [], False

    def choose(self, t, features, rng, pick):
        if t < len(self.rewards):
            return t
        return pick(self.waiting[0])

    def learn(self, t, features, arm, reward):
        self.rewards[arm].append(reward)
        self.waiting = self.waiting[1:]
        if not self.waiting and all(self.rewards):
            self.turn += 1
            self.look()

    def look(self):
        arms, u = len(self.rewards), np.array([len(r) for r in self.rewards])
        beta = np.sqrt(np.log(self.policy.k1 * arms * self.turn**4 / self.policy.delta) / (2 * u)) * self.scale
        means = np.array([np.mean(r) for r in self.rewards])
        h = means.argmax()
        upper = np.where(np.arange(arms) == h, -np.inf, means + beta)
        self.waiting = [means, upper]
        self.stopped |= upper.max() - (means[h] - beta[h]) < self.policy.epsilon
        self.best = int(h)

    def recommend(self, t):
        if t < len(self.rewards):
            return int(np.argmax([np.mean(r) if r else -np.inf for r in self.rewards]))
        return self.best

    def stop(self, t):
        return self.stopped
