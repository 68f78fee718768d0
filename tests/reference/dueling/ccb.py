"""Twin of CCB: Zoghi, Karnin, Whiteson, de Rijke 2015, Algorithm 1; its lines are numbered."""

import numpy as np

from banditlab.environments.dueling.matrix import Matrix
from tests.reference import draws
from tests.reference.worlds import CYCLE, DUELS_STATIC

CLEAR = Matrix(
    [
        [0.5, 0.9, 0.8, 0.9, 0.95],
        [0.1, 0.5, 0.9, 0.1, 0.8],
        [0.2, 0.1, 0.5, 0.9, 0.1],
        [0.1, 0.9, 0.1, 0.5, 0.9],
        [0.05, 0.2, 0.9, 0.1, 0.5],
    ]
)

#: without a Condorcet winner: arms 0 and 1 beat three others each, arm 4 beats one
LOOPS = Matrix(
    [
        [0.5, 0.8, 0.2, 0.8, 0.7],
        [0.2, 0.5, 0.8, 0.7, 0.7],
        [0.8, 0.2, 0.5, 0.7, 0.3],
        [0.2, 0.3, 0.3, 0.5, 0.9],
        [0.3, 0.3, 0.7, 0.1, 0.5],
    ]
)

#: (environment, horizon, parameters); small alpha, so that hypotheses arise and are disproven within the horizon
CASES = [
    (CYCLE, 400, {}),
    (CLEAR, 500, {}),
    (CLEAR, 500, {"alpha": 0.15}),
    (CYCLE, 500, {"alpha": 0.05}),
    (CLEAR, 500, {"alpha": 0.01}),
    (LOOPS, 500, {}),
    (LOOPS, 500, {"alpha": 0.1}),
    (DUELS_STATIC, 400, {"alpha": 0.1}),
]


class CCB:
    def __init__(self, policy, problem, rng):
        self.alpha, self.arms = policy.alpha, range(problem.arms)
        self.w = np.zeros((problem.arms, problem.arms))  # 1
        self.reset()

    def reset(self):
        self.b = set(self.arms)  # 2
        self.beaters = {i: [] for i in self.arms}  # 3
        self.losses = len(self.arms)  # 4

    def choose(self, t, features, rng, pick):
        n = self.w + self.w.T
        with np.errstate(divide="ignore", invalid="ignore"):
            mean = np.where(n, self.w / n, 1)
            width = np.where(n, np.sqrt(self.alpha * np.log(t + 1) / n), 1)
        u, low = mean + width, mean - width  # 6
        np.fill_diagonal(u, 0.5)
        np.fill_diagonal(low, 0.5)
        upper, lower = (u >= 0.5).sum(1) - 1, (low >= 0.5).sum(1) - 1  # 7: without k = i
        c = [i for i in self.arms if upper[i] == max(upper)]  # 8
        self.revise(u, low, upper, lower, c, rng)  # 9
        if rng.random() < 1 / 4:  # 10
            pairs = [(i, j) for i in self.arms for j in self.beaters[i] if low[i, j] <= 0.5 <= u[i, j]]
            if pairs:
                return pairs[draws.index(rng, len(pairs))]
        shared = [i for i in c if i in self.b]
        if shared and rng.random() < 2 / 3:  # 11
            c = shared
        first = c[draws.index(rng, len(c))]  # 12
        within = self.beaters[first] if rng.random() < 1 / 2 else self.arms  # 13
        rivals = [j for j in within if low[j, first] <= 0.5] or [j for j in self.arms if low[j, first] <= 0.5]
        scores = np.full(len(self.arms), -np.inf)
        scores[rivals] = u[rivals, first]
        if np.isfinite(np.delete(scores, first)).any() and np.delete(scores, first).max() >= scores[first]:
            scores[first] = -np.inf  # not allowed where there is a tie
        pick(np.eye(len(self.arms))[first])  # the first arm was drawn
        return first, pick(scores)

    def revise(self, u, low, upper, lower, c, rng):
        if any(low[i, j] > 0.5 for i in self.arms for j in self.beaters[i]):  # A
            self.reset()
        for i in sorted(self.b):  # B
            if upper[i] < max(lower):
                self.b.remove(i)
                if len(self.beaters[i]) != self.losses + 1:
                    self.beaters[i] = [k for k in self.arms if u[i, k] < 0.5]
        if not self.b:
            self.reset()
        for i in c:  # C
            if upper[i] == lower[i]:
                self.b.add(i)
                self.beaters[i] = []
                self.losses = len(self.arms) - 1 - upper[i]
                for j in self.arms:
                    if j != i and len(self.beaters[j]) < self.losses + 1:
                        self.beaters[j] = []
                    while j != i and len(self.beaters[j]) > self.losses + 1:
                        self.beaters[j].pop(draws.index(rng, len(self.beaters[j])))

    def learn(self, t, features, first, second, won):
        self.w[(first, second) if won else (second, first)] += first != second  # 14
