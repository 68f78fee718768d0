"""Twin of uniform play."""

from tests.reference import draws
from tests.reference.worlds import CYCLE

#: (environment, horizon, parameters)
CASES = [
    (CYCLE, 200, {}),
]


class Uniform:
    def __init__(self, policy, problem, rng):
        self.arms = problem.arms

    def choose(self, t, features, rng, pick):
        return draws.pair(rng, self.arms)

    def learn(self, t, features, first, second, won):
        pass
