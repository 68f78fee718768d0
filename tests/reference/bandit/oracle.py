"""Twin of the player that is told the best arm of the round."""

from tests.reference.worlds import ADVERSARIAL, LINEAR

#: (environment, horizon, parameters)
CASES = [
    (LINEAR, 300, {}),
    (ADVERSARIAL, 300, {}),
]


class Oracle:
    def __init__(self, policy, problem, rng):
        self.best = problem.best

    def choose(self, t, features, rng, pick):
        return int(self.best[0])

    def learn(self, t, features, arm, reward):
        pass
