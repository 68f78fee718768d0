"""Twin of KL-UCB: Garivier and Cappe 2011, Algorithm 1."""

import numpy as np
from scipy import optimize, special

from banditlab.environments.bandit.bernoulli import Bernoulli
from tests.reference.worlds import BERNOULLI, TABLE

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 500, {}),
    (TABLE, 300, {}),
    (BERNOULLI, 300, {"c": 3.0}),
    (TABLE, 300, {"c": 1.0}),
    (Bernoulli(means=[0.0, 0.02, 0.05]), 300, {}),
    (Bernoulli(means=[1.0, 0.97, 0.0, 0.95]), 300, {"c": 3.0}),
]


def divergence(p, q):
    return special.rel_entr(p, q) + special.rel_entr(1 - p, 1 - q)


def bound(plays, mean, level):
    """max {q in [0, 1]: N d(mean, q) <= level}."""
    if mean == 1 or level <= 0:
        return mean
    return optimize.brentq(lambda q: plays * divergence(mean, q) - level, mean, 1 - 1e-16, xtol=1e-15, rtol=1e-15)


class KLUCB:
    """Each arm once; for t = K + 1 to n: a <- argmax_a max {q: N[a] d(S[a] / N[a], q) <= log(t) + c log(log(t))}."""

    def __init__(self, policy, problem, rng):
        self.c, self.rewards = policy.c, [[] for _ in range(problem.arms)]

    def choose(self, t, features, rng, pick):
        if t < len(self.rewards):
            return t
        level = np.log(t + 1) + self.c * np.log(np.log(t + 1))
        return pick(np.array([bound(len(rewards), np.mean(rewards), level) for rewards in self.rewards]))

    def learn(self, t, features, arm, reward):
        self.rewards[arm].append(reward)
