"""Twin of the player that is told the best arm of each context."""

from banditlab.environments.active_dueling.circular import Circular
from banditlab.environments.active_dueling.rkhs import Rkhs

#: (environment, horizon, parameters)
CASES = [
    (Rkhs(contexts=4, actions=5), 50, {}),
    (Circular(contexts=2, actions=6), 50, {}),
]


class Oracle:
    def __init__(self, policy, problem, rng):
        self.best = problem.best

    def choose(self, t, features, rng, pick):
        return 0, int(self.best[0]), int(self.best[0])

    def learn(self, t, features, context, first, second, won):
        pass

    def recommend(self, t):
        return self.best
