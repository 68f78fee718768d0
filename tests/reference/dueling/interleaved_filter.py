"""Twin of Interleaved Filter: Yue, Broder, Kleinberg, Joachims 2012, Algorithms 2 (IF1) and 3 (IF2)."""

import numpy as np

from banditlab.environments.dueling.matrix import Matrix
from tests.reference import draws
from tests.reference.worlds import CYCLE, DUELS_STATIC

LADDER = Matrix([[0.5, 0.4, 0.3, 0.2], [0.6, 0.5, 0.2, 0.1], [0.7, 0.8, 0.5, 0.3], [0.8, 0.9, 0.7, 0.5]])

#: arms that are nearly equal, and one that beats them all: when it is found, others lag the candidate by chance
NEAR = Matrix(
    [
        [0.5, 0.55, 0.5, 0.45, 0.5, 0.05],
        [0.45, 0.5, 0.5, 0.5, 0.5, 0.05],
        [0.5, 0.5, 0.5, 0.5, 0.55, 0.05],
        [0.55, 0.5, 0.5, 0.5, 0.5, 0.05],
        [0.5, 0.5, 0.45, 0.5, 0.5, 0.05],
        [0.95, 0.95, 0.95, 0.95, 0.95, 0.5],
    ]
)

#: (environment, horizon, parameters); delta near 1 so that arms leave within the horizon
CASES = [
    (LADDER, 500, {"delta": 0.8, "width": 4.0}),
    (LADDER, 500, {"delta": 0.8, "version": "if1"}),
    (LADDER, 500, {"delta": 0.95}),
    (LADDER, 500, {"delta": 0.95, "version": "if1"}),
    (NEAR, 500, {"delta": 0.4}),
    (NEAR, 500, {"delta": 0.4, "version": "if1"}),
    (CYCLE, 300, {}),
    (CYCLE, 400, {"delta": 0.88, "version": "if1"}),
    (DUELS_STATIC, 500, {"delta": 0.88}),
    (Matrix([[0.5, 1.0], [0.0, 0.5]]), 500, {}),
]


class InterleavedFilter:
    """The paper's loops as a generator: it yields a pair and is sent whether the first arm won."""

    def __init__(self, policy, problem, rng):
        delta = 1 / (problem.horizon * problem.arms**2) if policy.delta == "horizon" else policy.delta
        candidate = draws.index(rng, problem.arms)
        self.play = self.explore(policy, delta, candidate, problem.arms)
        self.pair = next(self.play)

    def explore(self, policy, delta, candidate, arms):
        w = [b for b in range(arms) if b != candidate]
        won = {b: [] for b in w}
        while w:
            for b in w:
                won[b].append((yield candidate, b))
            p = {b: np.mean(won[b]) for b in w}
            c = {b: np.sqrt(policy.width * np.log(1 / delta) / len(won[b])) for b in w}
            certain = {b: not p[b] - c[b] < 0.5 < p[b] + c[b] for b in w}  # 1/2 is not in the open interval
            w = [b for b in w if not (p[b] > 0.5 and certain[b])]
            winners = [b for b in w if p[b] < 0.5 and certain[b]]
            if winners:
                if policy.version == "if2":
                    w = [b for b in w if p[b] <= 0.5]
                candidate = winners[0]
                w.remove(candidate)
                won = {b: [] for b in w}
        while True:
            yield candidate, candidate

    def choose(self, t, features, rng, pick):
        return self.pair

    def learn(self, t, features, first, second, won):
        self.pair = self.play.send(won)
