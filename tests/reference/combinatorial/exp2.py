"""Twin of EXP2 (Cesa-Bianchi and Lugosi 2012), with NumPy's pseudo-inverse of the whole matrix."""

import math

import numpy as np

from banditlab.environments.combinatorial.top_k import TopK
from tests.reference.combinatorial_worlds import GRID, PAIRS, TOP, TREE

HIDDEN = TopK(means=[0.9, 0.2, 0.6, 0.5, 0.7], k=3, feedback="full-bandit")
CASES = [(TOP, 400, {}), (HIDDEN, 300, {}), (GRID, 300, {}), (PAIRS, 300, {}), (TREE, 300, {})]


class EXP2:
    def __init__(self, policy, problem, rng):
        n, m, T = problem.items, problem.family.size, problem.horizon
        self.m, self.sets = m, list(problem.family.sets())
        self.v = np.array([[float(i in items) for i in range(n)] for items in self.sets])
        size, least = len(self.v), np.linalg.eigvalsh(self.v.T @ self.v / len(self.v))
        lam = least[least > 1e-9].min()
        gamma = min(1, math.sqrt(m * math.log(size) / (lam * T * (2 + lam * n / m))))
        self.gamma, self.eta, self.losses = gamma, gamma * lam / m, np.zeros(size)

    def choose(self, t, features, rng, pick):
        q = np.exp(-self.eta * (self.losses - self.losses.min()))
        q /= q.sum()
        self.p = (1 - self.gamma) * q + self.gamma / len(q)
        if rng.random() < self.gamma:
            self.played = int(rng.random() * len(q))
        else:
            self.played = int(np.searchsorted(np.cumsum(q), rng.random(), side="right"))
        return self.sets[self.played]

    def learn(self, t, features, items, outcome):
        loss = np.sum(1 - outcome[0] / self.m)
        moments = (self.v.T * self.p) @ self.v
        self.losses += self.v @ np.linalg.pinv(moments) @ self.v[self.played] * loss
