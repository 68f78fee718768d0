"""Twin of uniform play."""

from banditlab.environments.active_dueling.rkhs import Rkhs
from tests.reference import draws

#: (environment, horizon, parameters)
CASES = [
    (Rkhs(contexts=4, actions=5), 200, {}),
    (Rkhs(contexts=1, actions=2), 50, {}),
]


class Uniform:
    def __init__(self, policy, problem, rng):
        self.contexts, self.arms = problem.contexts, problem.arms
        self.guesses = [draws.index(rng, self.arms) for _ in range(self.contexts)]

    def choose(self, t, features, rng, pick):
        return draws.index(rng, self.contexts), *draws.pair(rng, self.arms)

    def learn(self, t, features, context, first, second, won):
        pass

    def recommend(self, t):
        return self.guesses
