"""Twin of one set for ever."""

from tests.reference.combinatorial_worlds import TOP

CASES = [(TOP, 50, {"chosen": [3, 1]})]


class Fixed:
    def __init__(self, policy, problem, rng):
        self.items = policy.chosen

    def choose(self, t, features, rng, pick):
        return list(self.items)

    def learn(self, t, features, items, outcome):
        pass
