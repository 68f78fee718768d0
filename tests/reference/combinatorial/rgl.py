"""Twin of RGL (Fourati et al. 2023)."""

import math

from tests.reference.combinatorial_worlds import CUT
from tests.reference.explore_then_commit import ExploreThenCommit

CASES = [(CUT, 3000, {}), (CUT, 100, {})]


class RGL(ExploreThenCommit):
    def __init__(self, policy, problem, rng):
        T = problem.horizon
        m = int((T * math.sqrt(25 / 32 * math.log(T))) ** (2 / 3)) + 1
        self.explore(problem, rng, "randomized-usm", m)
