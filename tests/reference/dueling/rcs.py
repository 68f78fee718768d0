"""Twin of RCS: Zoghi et al. 2014 (WSDM), Algorithm 1."""

import numpy as np

from tests.reference import draws
from tests.reference.dueling.rucb import CLOSE, challenger, upper_bounds
from tests.reference.worlds import CYCLE, DUELS_STATIC

#: (environment, horizon, parameters)
CASES = [
    (CYCLE, 400, {}),
    (CYCLE, 300, {"alpha": 0.05}),
    (CYCLE, 300, {"alpha": 3.0}),
    (CLOSE, 400, {}),
    (DUELS_STATIC, 300, {}),
]


class RCS:
    """I: sample a tournament from the posteriors; its Condorcet winner is the champion, otherwise the arm that was
    champion least often. II: the opponent of largest upper bound against it. III: compare, and update."""

    def __init__(self, policy, problem, rng):
        self.alpha = policy.alpha
        self.w = np.zeros((problem.arms, problem.arms))
        self.champions = []

    def choose(self, t, features, rng, pick):
        arms = len(self.w)
        theta = np.full((arms, arms), 0.5)
        for i in range(arms):
            for j in range(i + 1, arms):
                theta[i, j] = draws.beta(rng, self.w[i, j] + 1, self.w[j, i] + 1)
                theta[j, i] = 1 - theta[i, j]
        winners = np.flatnonzero((theta >= 0.5).all(1))
        least = np.argmin([self.champions.count(k) for k in range(arms)])
        first = int(winners[0] if len(winners) else least)
        self.champions.append(first)
        return first, challenger(upper_bounds(self.w, self.alpha, t + 1), first, rng)

    def learn(self, t, features, first, second, won):
        self.w[(first, second) if won else (second, first)] += 1
