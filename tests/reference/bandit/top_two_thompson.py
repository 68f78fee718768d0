"""Twin of top-two Thompson sampling: Russo 2016, Section 4; Shang et al. 2020 for the test and for T3C."""

import numpy as np

from banditlab.environments.bandit.gaussian import Gaussian
from tests.reference import draws, evidence
from tests.reference.worlds import BERNOULLI, GAUSSIAN, TABLE

WIDE = Gaussian(means=[0.0, -1.0, 0.5, 0.3], std=2.0)

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 250, {}),
    (BERNOULLI, 250, {"draws": 2, "share": 0.2}),
    (TABLE, 250, {"delta": 0.01}),
    (GAUSSIAN, 250, {"law": "gaussian"}),
    (GAUSSIAN, 250, {"law": "gaussian", "draws": 1, "share": 0.7, "threshold": "theorem"}),
    (WIDE, 250, {"law": "gaussian", "std": 1.0, "delta": 1e-3}),
]


class TopTwoThompson:
    """theta ~ posterior, I = argmax theta; with probability beta play I, else draw until J = argmax theta is not I."""

    def __init__(self, policy, problem, rng):
        self.policy = policy
        self.std = None if policy.law == "bernoulli" else problem.noise if policy.std is None else policy.std
        self.rewards, self.stopped = [[] for _ in range(problem.arms)], False

    def sample(self, rng):
        if self.policy.law == "bernoulli":
            return [draws.beta(rng, 1 + np.sum(r), 1 + len(r) - np.sum(r)) for r in self.rewards]
        return [np.mean(r) + self.std * rng.standard_normal() / np.sqrt(len(r)) for r in self.rewards]

    def choose(self, t, features, rng, pick):
        if self.policy.law == "gaussian" and t < len(self.rewards):
            return t
        first = int(np.argmax(self.sample(rng)))
        if rng.random() < self.policy.share:
            return first
        for _ in range(self.policy.draws):
            other = int(np.argmax(self.sample(rng)))
            if other != first:
                return other
        costs = [evidence.ratio(self.policy.law, self.std, self.rewards, first, k) for k in range(len(self.rewards))]
        costs[first] = np.inf
        return pick(-np.array(costs))

    def learn(self, t, features, arm, reward):
        self.rewards[arm].append(reward)
        level = evidence.threshold(self.policy, len(self.rewards), t + 1)
        self.stopped |= evidence.statistic(self.policy.law, self.std, self.rewards) > level

    def recommend(self, t):
        return evidence.best(self.rewards)

    def stop(self, t):
        return self.stopped
