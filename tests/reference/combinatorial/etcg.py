"""Twin of ETCG (Nie et al. 2022)."""

import math

from tests.reference.combinatorial_worlds import COVERED
from tests.reference.explore_then_commit import ExploreThenCommit

CASES = [(COVERED, 400, {}), (COVERED, 40, {}), (COVERED, 1, {})]


class ETCG(ExploreThenCommit):
    def __init__(self, policy, problem, rng):
        n, k, T = problem.items, problem.family.size, problem.horizon
        s = math.sqrt(2 * math.log(T))
        m = max(1, math.ceil((T * s / (n + 2 * n * k * s)) ** (2 / 3)))
        self.explore(problem, rng, "greedy", m)
