"""Twin of explore-then-commit: Lattimore and Szepesvari 2020, Algorithm 1."""

import numpy as np
from scipy import optimize

from tests.reference.worlds import BERNOULLI, GAUSSIAN, TABLE

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 400, {}),
    (GAUSSIAN, 300, {"m": 20}),
    (TABLE, 200, {"m": 1}),
    (BERNOULLI, 200, {"m": 50}),
    (GAUSSIAN, 200, {"m": 1000}),
]


class ExploreThenCommit:
    """In round t = 1, ..., n choose A_t = (t mod k) + 1 if t <= m k (here from arm 0 on), else argmax mean_i(m k)."""

    def __init__(self, policy, problem, rng):
        self.arms, self.m, self.rewards = problem.arms, policy.m, [[] for _ in range(problem.arms)]
        if policy.m == "horizon":
            # the least of (K - 1) m + T E-bound(m), with the bound sqrt(2 ln(K) / m) / 2 on the largest of K deviations
            def bound(m):
                return (self.arms - 1) * m + problem.horizon * np.sqrt(2 * np.log(self.arms) / m) / 2

            found = optimize.minimize_scalar(bound, bounds=(1e-3, problem.horizon), options={"xatol": 1e-9})
            self.m = int(np.ceil(found.x))

    def choose(self, t, features, rng, pick):
        if t < self.m * self.arms:
            return t % self.arms
        return pick(np.array([np.mean(rewards[: self.m]) for rewards in self.rewards]))

    def learn(self, t, features, arm, reward):
        self.rewards[arm].append(reward)
