"""Twin of Beat-the-Mean: Yue and Joachims 2011, Algorithm 1 with the constants of Algorithm 2; its lines are named."""

import numpy as np

from banditlab.environments.dueling.matrix import Matrix
from tests.reference import draws
from tests.reference.worlds import CYCLE, DUELS_STATIC

LADDER = Matrix([[0.5, 0.2, 0.1, 0.4], [0.8, 0.5, 0.3, 0.9], [0.9, 0.7, 0.5, 1.0], [0.6, 0.1, 0.0, 0.5]])

#: (environment, horizon, parameters); delta near 1 so that arms leave within the horizon
CASES = [
    (CYCLE, 300, {}),
    (LADDER, 500, {"delta": 0.9}),
    (LADDER, 500, {"delta": 0.99}),
    (LADDER, 500, {"delta": 0.97, "gamma": 1.3}),
    (DUELS_STATIC, 500, {"delta": 0.99}),
    (Matrix([[0.5, 1.0], [0.0, 0.5]]), 500, {"delta": 0.8}),
]


class BeatTheMean:
    def __init__(self, policy, problem, rng):
        self.w = list(range(problem.arms))
        self.history = []  # (b, b', whether b won)
        delta = 1 / (2 * problem.horizon * problem.arms) if policy.delta == "horizon" else policy.delta
        self.radius = lambda n: 3 * policy.gamma**2 * np.sqrt(np.log(1 / delta) / n) if n else 1.0

    def own(self, b):
        """Outcomes of b's own duels, those with arms that have left deleted."""
        return [won for one, other, won in self.history if one == b and other in self.w]

    def choose(self, t, features, rng, pick):
        if len(self.w) == 1:
            return self.w[0], self.w[0]
        n = [len(self.own(b)) for b in self.w]
        fewest = [b for b, count in zip(self.w, n, strict=True) if count == min(n)]
        b = fewest[draws.index(rng, len(fewest))]  # ties broken randomly
        return b, self.w[draws.index(rng, len(self.w))]

    def learn(self, t, features, first, second, won):
        if len(self.w) == 1:
            return
        self.history.append((first, second, won))
        own = [self.own(b) for b in self.w]
        p = [np.mean(outcomes) if outcomes else 0.5 for outcomes in own]
        c = self.radius(min(map(len, own)))
        if min(p) + c <= max(p) - c:
            self.w.pop(int(np.argmin(p)))
