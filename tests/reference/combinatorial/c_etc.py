"""Twin of C-ETC (Nie et al. 2023, Algorithm 1) over offline algorithms that are written down once more."""

import math

from tests.reference.combinatorial_worlds import BOUGHT, COVERED, CUT
from tests.reference.explore_then_commit import ExploreThenCommit

CASES = [
    (COVERED, 400, {}),
    (COVERED, 300, {"m": 7}),
    (COVERED, 60, {"m_scale": 2.0}),
    (COVERED, 900, {"m": 3, "doubling": True}),
    (COVERED, 900, {"doubling": True}),
    (COVERED, 800, {"offline": "threshold-greedy"}),
    (COVERED, 400, {"offline": "threshold-greedy", "epsilon": 0.4, "m": 8}),
    (BOUGHT, 500, {"offline": "greedy-plus"}),
    (BOUGHT, 500, {"offline": "greedy-plus-max", "m": 10}),
    (COVERED, 300, {"offline": "greedy-plus-max"}),
    (BOUGHT, 400, {"offline": "partial-enumeration", "m": 4, "memo": True}),
    (BOUGHT, 300, {"offline": "partial-enumeration", "m": 2}),
    (CUT, 600, {"offline": "randomized-usm"}),
    (CUT, 300, {"offline": "randomized-usm", "m": 5, "memo": True}),
    (CUT, 500, {"offline": "randomized-usm", "m": 4, "doubling": True}),
]


def constants(name, family, epsilon):
    """(delta, N) of the paper's table; those of threshold greedy were derived."""
    n = len(family.costs)
    beta = family.size if math.isinf(family.budget) else family.budget / min(family.costs)
    most, k = math.floor(min(n, beta)), family.size
    thresholds = 1 + math.floor(math.log(n / epsilon) / math.log(1 / (1 - epsilon)))
    return {
        "greedy": (2 * k, n * k),
        "threshold-greedy": (2 * (2 - epsilon) * k, n + (n - 1) * thresholds),
        "greedy-plus": (2 + most + beta, most * n),
        "greedy-plus-max": (0.5 + most + 2 * beta, most * n),
        "partial-enumeration": (4 + 2 * most + 2 * beta, most * n**4),
        "randomized-usm": (2.5 * n, 4 * n),
    }[name]


class CETC(ExploreThenCommit):
    def __init__(self, policy, problem, rng):
        self.policy, self.problem, self.rng = policy, problem, rng
        self.delta, self.queries = constants(policy.offline, problem.family, policy.epsilon or 0.1)
        self.horizon, self.left = max(2, self.queries) if policy.doubling else problem.horizon, 0

    def choose(self, t, features, rng, pick):
        if self.left == 0:
            if t > 0:
                self.horizon *= 2
            policy, T = self.policy, self.horizon
            self.left = T
            m = self.delta ** (2 / 3) * T ** (2 / 3) * math.log(T) ** (1 / 3) / (2 * self.queries ** (2 / 3))
            plays = policy.m or math.ceil(policy.m_scale * m)
            self.explore(self.problem, self.rng, policy.offline, plays, policy.epsilon, policy.memo)
        self.left -= 1
        return super().choose(t, features, rng, pick)
