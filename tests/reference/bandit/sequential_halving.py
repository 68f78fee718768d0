"""Twin of sequential halving: Karnin, Koren, Somekh 2013, Algorithm 3."""

import numpy as np

from banditlab.environments.bandit.bernoulli import Bernoulli
from banditlab.environments.bandit.gaussian import Gaussian
from tests.reference.worlds import BERNOULLI, GAUSSIAN

NINE = Gaussian(arms=9, prior="normal(0, 1)")
PAIR = Bernoulli(means=[0.5, 0.6])

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 400, {}),
    (BERNOULLI, 300, {"budget": 101}),
    (GAUSSIAN, 200, {"budget": 6}),
    (NINE, 400, {}),
    (PAIR, 301, {}),
]


class SequentialHalving:
    """For r = 0 .. ceil(log2 n) - 1: sample each arm of S_r t_r = floor(T / (|S_r| ceil(log2 n))) times; S_{r+1} is
    the set of ceil(|S_r| / 2) arms of S_r with the largest average of these."""

    def __init__(self, policy, problem, rng):
        self.budget = problem.horizon if policy.budget == "horizon" else policy.budget
        self.phases = int(np.ceil(np.log2(problem.arms)))
        self.begin(list(range(problem.arms)))

    def begin(self, survivors):
        self.survivors, self.rewards = survivors, {a: [] for a in survivors}
        self.queue = survivors * (self.budget // (len(survivors) * self.phases))

    def choose(self, t, features, rng, pick):
        return self.queue[0] if self.queue else self.survivors[0]

    def learn(self, t, features, arm, reward):
        self.rewards[arm].append(reward)
        self.queue = self.queue[1:]
        if not self.queue and len(self.survivors) > 1:
            ranked = sorted(self.survivors, key=lambda a: (-np.mean(self.rewards[a]), a))
            self.begin(ranked[: -(-len(ranked) // 2)])

    def recommend(self, t):
        return self.survivors[0]

    def stop(self, t):
        return len(self.survivors) == 1
