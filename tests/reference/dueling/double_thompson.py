"""Twin of D-TS: Wu and Liu 2016, Algorithm 1; its lines are numbered."""

import numpy as np

from tests.reference import draws
from tests.reference.worlds import CYCLE, DUELS_STATIC

#: (environment, horizon, parameters)
CASES = [
    (CYCLE, 400, {}),
    (CYCLE, 400, {"alpha": 0.1}),
    (CYCLE, 300, {"alpha": 3.0}),
    (DUELS_STATIC, 300, {}),
]


class DoubleThompson:
    def __init__(self, policy, problem, rng):
        self.alpha = policy.alpha
        self.b = np.zeros((problem.arms, problem.arms))  # 1: b[i, j] counts wins of i over j

    def choose(self, t, features, rng, pick):
        b, arms = self.b, len(self.b)
        upper, lower = np.full((arms, arms), 0.5), np.full((arms, arms), 0.5)
        for i in range(arms):  # 4
            for j in range(arms):
                n = b[i, j] + b[j, i]
                mean = b[i, j] / n if n else 1.0  # x / 0 := 1
                width = np.sqrt(self.alpha * np.log(t + 1) / n) if n else 1.0
                if i != j:
                    upper[i, j], lower[i, j] = mean + width, mean - width
        copeland = (upper > 0.5).sum(1)  # 5, times K - 1; the diagonal counts nothing
        candidates = np.flatnonzero(copeland == copeland.max())  # 6
        theta = np.full((arms, arms), 0.5)
        for i in range(arms):  # 7 to 10
            for j in range(i + 1, arms):
                theta[i, j] = draws.beta(rng, b[i, j] + 1, b[j, i] + 1)
                theta[j, i] = 1 - theta[i, j]
        wins = (theta > 0.5).sum(1)  # 11
        first = _most(candidates, wins, rng)
        theta = [0.5 if i == first else draws.beta(rng, b[i, first] + 1, b[first, i] + 1) for i in range(arms)]  # 13
        uncertain = lower[:, first] <= 0.5
        return first, pick(np.where(uncertain, theta, -np.inf))  # 14

    def learn(self, t, features, first, second, won):
        self.b[(first, second) if won else (second, first)] += 1  # 17


def _most(candidates, wins, rng):
    """The candidate of most wins, ties broken uniformly: each further one replaces it with chance 1/2, 1/3, ..."""
    first, ties = candidates[0], 1
    for i in candidates[1:]:
        if wins[i] > wins[first]:
            first, ties = i, 1
        elif wins[i] == wins[first]:
            ties += 1
            if rng.random() * ties < 1:
                first = i
    return int(first)
