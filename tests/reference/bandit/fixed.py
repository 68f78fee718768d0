"""Twin of one arm for ever."""

from tests.reference.worlds import GAUSSIAN

#: (environment, horizon, parameters)
CASES = [
    (GAUSSIAN, 50, {"arm": 2}),
]


class Fixed:
    def __init__(self, policy, problem, rng):
        self.arm = policy.arm

    def choose(self, t, features, rng, pick):
        return self.arm

    def learn(self, t, features, arm, reward):
        pass
