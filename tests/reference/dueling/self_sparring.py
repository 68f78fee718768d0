"""Twin of IndSelfSparring: Sui, Zhuang, Burdick, Yue 2017, for m = 2 arms a round."""

import numpy as np

from tests.reference import draws
from tests.reference.dueling.rucb import PAIR
from tests.reference.worlds import CYCLE, DUELS_STATIC

#: (environment, horizon, parameters)
CASES = [
    (CYCLE, 400, {}),
    (CYCLE, 300, {"rate": 0.2}),
    (CYCLE, 300, {"rate": 3.5}),
    (PAIR, 300, {}),
    (DUELS_STATIC, 300, {}),
]


class SelfSparring:
    """S_b = F_b = 0. In each round, m times: draw theta_b from Beta(S_b + 1, F_b + 1), and take the largest.

    Then for j, k = 1 .. m with a duel r_jk: S_{b_j} += eta r_jk, F_{b_j} += eta (1 - r_jk).
    """

    def __init__(self, policy, problem, rng):
        self.eta = policy.rate
        self.s, self.f = np.zeros(problem.arms), np.zeros(problem.arms)

    def choose(self, t, features, rng, pick):
        return tuple(
            pick(np.array([draws.beta(rng, s + 1, f + 1) for s, f in zip(self.s, self.f, strict=True)]))
            for _ in range(2)
        )

    def learn(self, t, features, first, second, won):
        played, results = (first, second), {(0, 1): won, (1, 0): 1 - won}
        for (j, _), result in results.items():
            self.s[played[j]] += self.eta * result
            self.f[played[j]] += self.eta * (1 - result)
