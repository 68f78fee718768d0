"""Twin of RUCB: Zoghi et al. 2014 (ICML), Algorithm 1; its lines are numbered."""

import numpy as np

from banditlab.environments.dueling.matrix import Matrix
from tests.reference import draws
from tests.reference.worlds import CYCLE, DUELS_STATIC

CLOSE = Matrix([[0.5, 0.55, 0.6], [0.45, 0.5, 0.55], [0.4, 0.45, 0.5]])
PAIR = Matrix([[0.5, 0.3], [0.7, 0.5]])

#: (environment, horizon, parameters)
CASES = [
    (CYCLE, 500, {}),
    (CYCLE, 500, {"alpha": 0.1}),
    (CYCLE, 300, {"alpha": 0.01}),
    (CYCLE, 300, {"alpha": 3.0}),
    (CLOSE, 500, {"alpha": 0.2}),
    (PAIR, 300, {"alpha": 0.2}),
    (DUELS_STATIC, 400, {}),
]


class RUCB:
    def __init__(self, policy, problem, rng):
        self.alpha = policy.alpha
        self.w = np.zeros((problem.arms, problem.arms))  # 1: w[i, j] counts wins of i over j
        self.b = set()  # 2

    def choose(self, t, features, rng, pick):
        u = upper_bounds(self.w, self.alpha, t + 1)  # 4, 5
        candidates = [c for c in range(len(u)) if (u[c] >= 0.5).all()]  # 6
        self.b &= set(candidates)  # 8
        if not candidates:  # 7
            first = draws.index(rng, len(u))
        elif len(candidates) == 1:  # 9
            self.b, first = set(candidates), candidates[0]
        elif self.b and rng.random() < 0.5:  # 11: p(c) = 1/2 for c in B, 1 / (2^|B| |C \ B|) otherwise
            (first,) = self.b
        else:
            others = [c for c in candidates if c not in self.b]
            first = others[draws.index(rng, len(others))] if len(others) > 1 else others[0]
        return first, challenger(u, first, rng)  # 13

    def learn(self, t, features, first, second, won):
        self.w[(first, second) if won else (second, first)] += 1  # 14


def upper_bounds(w, alpha, t):
    """U = W / (W + W') + sqrt(alpha ln t / (W + W')), where x / 0 := 1; 1/2 on the diagonal."""
    u = np.full(w.shape, 0.5)
    for i in range(len(w)):
        for j in range(len(w)):
            n = w[i, j] + w[j, i]
            if i != j:
                u[i, j] = w[i, j] / n + np.sqrt(alpha * np.log(t) / n) if n else 1.0 + 1.0
    return u


def challenger(u, arm, rng):
    """argmax_j u_jc, "with ties broken randomly. Moreover, if there is a tie, d is not allowed to be equal to c"."""
    best = [int(j) for j in np.flatnonzero(u[:, arm] == u[:, arm].max())]
    if len(best) > 1:
        best = [j for j in best if j != arm]
    return best[draws.index(rng, len(best))] if len(best) > 1 else best[0]
