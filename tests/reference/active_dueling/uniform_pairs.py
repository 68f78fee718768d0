"""Twin of uniform pairs with the logistic estimate."""

import numpy as np

from banditlab.environments.active_dueling.circular import Circular
from banditlab.environments.active_dueling.log_linear import LogLinear
from banditlab.environments.active_dueling.rkhs import Rkhs
from tests.reference import draws
from tests.reference.kernels import by_norm, rbf

#: (environment, horizon, parameters)
CASES = [
    (Rkhs(contexts=4, actions=4), 60, {"length_scale": 0.3}),
    (Rkhs(contexts=3, actions=5, structure="independent"), 60, {"length_scale": "told", "ridge": 1.0}),
    (Circular(contexts=2, actions=6), 60, {"variance": 0.5}),
    (LogLinear(contexts=4, actions=4, dim=3), 60, {"kernel": "linear"}),
]


class Estimate:
    """f (C, K) by the logistic estimate, from all duels so far."""

    def __init__(self, policy, problem):
        self.ridge, self.shape, self.duels = policy.ridge, (problem.contexts, problem.arms), []
        self.gram, self.f = gram_of(policy, problem), np.zeros(self.shape)

    def learn(self, context, first, second, won):
        point = np.arange(self.f.size).reshape(self.shape)
        self.duels.append((point[context, first], point[context, second], bool(won)))
        self.f = by_norm(self.gram, self.duels, self.ridge).reshape(self.shape)

    def best(self):
        """The first arm of each context within 1e-8 of the best."""
        return np.argmax(self.f >= self.f.max(1, keepdims=True) - 1e-8, axis=1)


def gram_of(policy, problem):
    points = np.reshape(problem.domain, (-1, problem.dim))
    if policy.kernel == "linear":
        return policy.variance * points @ points.T
    assert policy.kernel == "rbf"
    return rbf(points, policy.variance, problem.length_scale if policy.length_scale == "told" else policy.length_scale)


class UniformPairs:
    def __init__(self, policy, problem, rng):
        self.estimate = Estimate(policy, problem)

    def choose(self, t, features, rng, pick):
        contexts, arms = self.estimate.shape
        return draws.index(rng, contexts), *draws.pair(rng, arms)

    def learn(self, t, features, context, first, second, won):
        self.estimate.learn(context, first, second, won)

    def recommend(self, t):
        return self.estimate.best()
