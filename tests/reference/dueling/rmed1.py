"""Twin of RMED1: Komiyama, Honda, Kashima, Nakagawa 2015, Algorithms 1 and 2; their lines are numbered."""

from itertools import combinations

import numpy as np
from scipy.special import rel_entr

from tests.reference.dueling.rucb import CLOSE, PAIR
from tests.reference.worlds import CYCLE, DUELS_STATIC

#: (environment, horizon, parameters)
CASES = [
    (CYCLE, 500, {}),
    (CYCLE, 300, {"weight": 0.0}),
    (CYCLE, 300, {"weight": 2.0}),
    (CLOSE, 500, {}),
    (PAIR, 300, {}),
    (DUELS_STATIC, 400, {}),
]


class RMED1:
    def __init__(self, policy, problem, rng):
        self.arms = problem.arms
        self.f = policy.weight * problem.arms**1.01
        self.w = np.zeros((problem.arms, problem.arms))
        self.initial = list(combinations(range(self.arms), 2))  # Algorithm 1, 3: each pair once
        self.order = list(range(self.arms))  # 6: what is left of L_C, in the order in which it is gone through
        self.remaining, self.following = set(range(self.arms)), set()  # L_R, L_N

    def choose(self, t, features, rng, pick):
        if t < len(self.initial):
            return self.initial[t]
        first = self.order[0]  # 10
        mu = self.means()
        beaten_by = self.beaten_by(mu, first)  # Algorithm 2, 1
        pick(np.arange(self.arms) == first)
        star = pick(-self.divergences())
        if star in beaten_by or not beaten_by:  # 2
            return first, star  # 3
        return first, min((j for j in range(self.arms) if j != first), key=lambda j: mu[first, j])  # 5

    def learn(self, t, features, first, second, won):
        if first != second:
            self.w[(first, second) if won else (second, first)] += 1
        if t < len(self.initial):
            return
        self.order.pop(0)
        self.remaining.remove(first)  # Algorithm 1, 13
        divergences = self.divergences()
        for j in set(range(self.arms)) - self.remaining:  # 14
            if divergences[j] - divergences.min() <= np.log(t + 1) + self.f:
                self.following.add(j)
        if not self.order:  # 17
            self.order, self.remaining, self.following = sorted(self.following), self.following, set()

    def means(self):
        total = self.w + self.w.T
        return np.where(total > 0, self.w / np.maximum(total, 1), 0.5)

    def beaten_by(self, mu, i):
        return [j for j in range(self.arms) if j != i and mu[i, j] <= 0.5]

    def divergences(self):
        """I_i = sum over j in O_i of d(mu_ij, 1/2) N_ij."""
        mu, n = self.means(), self.w + self.w.T
        d = rel_entr(mu, 0.5) + rel_entr(1 - mu, 0.5)
        return np.array([sum(n[i, j] * d[i, j] for j in self.beaten_by(mu, i)) for i in range(self.arms)])
