"""Twin of uniform play."""

from tests.reference import draws
from tests.reference.worlds import GAUSSIAN

#: (environment, horizon, parameters)
CASES = [
    (GAUSSIAN, 300, {}),
]


class Uniform:
    def __init__(self, policy, problem, rng):
        self.arms = problem.arms

    def choose(self, t, features, rng, pick):
        return draws.index(rng, self.arms)

    def learn(self, t, features, arm, reward):
        pass
