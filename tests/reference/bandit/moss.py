"""Twin of MOSS: Audibert and Bubeck 2009; MOSS-anytime: Degenne and Perchet 2016."""

import numpy as np

from tests.reference.worlds import BERNOULLI, GAUSSIAN, TABLE

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 400, {}),
    (TABLE, 300, {"n": 1000}),
    (GAUSSIAN, 300, {"n": 20}),
    (BERNOULLI, 400, {"n": "anytime"}),
    (TABLE, 300, {"n": "anytime", "alpha": 0.3}),
]


class MOSS:
    """B_{i,s} = mean_{i,s} + sqrt(max(log(n / (K s)), 0) / s), B_{i,0} = infinity, draw an arm maximising it. Anytime:
    mean + sqrt((1 + alpha) / 2 * max(0, log(t / (K s))) / s)."""

    def __init__(self, policy, problem, rng):
        self.rewards = [[] for _ in range(problem.arms)]
        self.anytime = policy.n == "anytime"
        self.factor = (1 + (policy.alpha or 1.35)) / 2 if self.anytime else 1
        if not self.anytime:
            self.n = problem.horizon if policy.n == "horizon" else policy.n

    def choose(self, t, features, rng, pick):
        if t < len(self.rewards):
            return t
        n = t + 1 if self.anytime else self.n
        s = np.array([len(rewards) for rewards in self.rewards])
        logs = np.maximum(np.log(n / (len(s) * s)), 0)
        return pick(np.array([np.mean(rewards) for rewards in self.rewards]) + np.sqrt(self.factor * logs / s))

    def learn(self, t, features, arm, reward):
        self.rewards[arm].append(reward)
