"""Twin of the best set."""

from tests.reference.combinatorial_worlds import COVERED, TOP

CASES = [(TOP, 50, {}), (COVERED, 50, {})]


class Oracle:
    def __init__(self, policy, problem, rng):
        self.set = problem.best_set

    def choose(self, t, features, rng, pick):
        return self.set

    def learn(self, t, features, items, outcome):
        pass
