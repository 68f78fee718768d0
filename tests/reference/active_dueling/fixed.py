"""Twin of one context and one pair for ever."""

from banditlab.environments.active_dueling.rkhs import Rkhs

#: (environment, horizon, parameters)
CASES = [
    (Rkhs(contexts=4, actions=5), 50, {"context": 3, "first": 1, "second": 4}),
]


class Fixed:
    def __init__(self, policy, problem, rng):
        self.action = policy.context, policy.first, policy.second
        self.contexts = problem.contexts

    def choose(self, t, features, rng, pick):
        return self.action

    def learn(self, t, features, context, first, second, won):
        pass

    def recommend(self, t):
        return [self.action[1]] * self.contexts
