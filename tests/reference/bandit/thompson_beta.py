"""Twin of Thompson sampling: Agrawal and Goyal 2012, Algorithms 1 (Bernoulli) and 2 (rewards in [0, 1])."""

import numpy as np

from tests.reference import draws
from tests.reference.worlds import BERNOULLI, TABLE

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 400, {}),
    (BERNOULLI, 300, {"prior_wins": 0.5, "prior_losses": 0.3}),
    (BERNOULLI, 300, {"prior_wins": 4.0, "prior_losses": 2.0}),
    (TABLE, 300, {}),
]


class ThompsonBeta:
    """Sample theta_i from Beta(S_i + 1, F_i + 1), play the largest; a reward r counts as the outcome of a Bernoulli
    trial of success probability r. The 1s are parameters here."""

    def __init__(self, policy, problem, rng):
        self.prior = policy.prior_wins, policy.prior_losses
        self.successes, self.failures = np.zeros(problem.arms), np.zeros(problem.arms)
        self.key = rng.integers(0, 2**64, dtype=np.uint64)

    def choose(self, t, features, rng, pick):
        a, b = self.successes + self.prior[0], self.failures + self.prior[1]
        return pick(np.array([draws.beta(rng, a[k], b[k]) for k in range(len(a))]))

    def learn(self, t, features, arm, reward):
        if reward not in (0, 1):
            reward = float(draws.hashed_uniform(self.key, 0, t) < reward)
        self.successes[arm] += reward
        self.failures[arm] += 1 - reward
