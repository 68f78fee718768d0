"""Twin of Sword++: bases that know nothing of each other, and Hedge over their losses of all rounds."""

from math import ceil, inf, log, log2, sqrt

import numpy as np

from tests.reference.convex_worlds import BALL, QUADRATIC, SIMPLEX, WIDE, Set

#: (environment, horizon, parameters)
CASES = [
    (BALL, 200, {}),
    (SIMPLEX, 200, {"scale": 0.5}),
    (QUADRATIC, 200, {}),
    (QUADRATIC, 200, {"scale": 3.0}),
    (WIDE, 200, {}),
]


class Sword:
    def __init__(self, policy, problem, rng):
        self.set = Set(problem)
        d, g, self.smooth, horizon = self.set.diameter, problem.gradient_bound, problem.smoothness, problem.horizon
        least = sqrt(d**2 / (8 * g**2 * horizon))
        most = min(1 / (8 * self.smooth) if self.smooth else inf, d * sqrt(horizon) / g)
        n = max(0, ceil(log2(most / least))) + 1
        self.etas = [policy.scale * min(most, least * 2**i) for i in range(n)]
        self.cap = 1 / (8 * d**2 * self.smooth) if self.smooth else inf
        self.bases = [self.set.centre] * n
        self.paths = [[self.set.centre] for _ in range(n)]
        self.gradients = [np.zeros(problem.dim)]

    def penalty(self, path, t):
        return 2 * self.smooth * np.sum((path[t] - path[t - 1]) ** 2) if t > 0 else 0.0

    def choose(self, t, shown, rng, pick):
        losses = [
            sum(g @ path[s] + self.penalty(path, s) for s, g in enumerate(self.gradients[1:]))
            + self.gradients[-1] @ path[t] + self.penalty(path, t)
            for path in self.paths
        ]  # fmt: skip
        variation = (np.diff(self.gradients, axis=0) ** 2).sum()
        rate = min(self.cap, sqrt(log(len(losses)) / variation) / self.set.diameter) if variation else 0.0
        logs = -rate * np.array(losses)
        weights = np.exp(logs - logs.max())
        return weights / weights.sum() @ [path[t] for path in self.paths]

    def learn(self, t, shown, point, gradient):
        self.gradients.append(gradient)
        for i, eta in enumerate(self.etas):
            self.bases[i] = self.set.project(self.bases[i] - eta * gradient)
            self.paths[i].append(self.set.project(self.bases[i] - eta * gradient))
