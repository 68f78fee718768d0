"""Twin of one pair for ever."""

from tests.reference.worlds import CYCLE

#: (environment, horizon, parameters)
CASES = [
    (CYCLE, 50, {"first": 1, "second": 3}),
]


class Fixed:
    def __init__(self, policy, problem, rng):
        self.pair = policy.first, policy.second

    def choose(self, t, features, rng, pick):
        return self.pair

    def learn(self, t, features, first, second, won):
        pass
