"""Twin of GreedyUCB (MaxFirstUCBNext of Di et al. 2024)."""

import numpy as np

from tests.reference import draws
from tests.reference.likelihood import Estimator, regular_design
from tests.reference.worlds import DUELS, DUELS_EXPONENTIAL, DUELS_PROBIT, DUELS_STATIC

#: (environment, horizon, parameters)
CASES = [
    (DUELS, 300, {}),
    (DUELS, 150, {"refit": 1.0, "ridge": 1.0}),
    (DUELS, 300, {"c1": 0.5, "exploration": 20}),
    (DUELS, 200, {"exploration": 0, "design": 1.0, "ridge": 1.0}),
    (DUELS_PROBIT, 200, {}),
    (DUELS_EXPONENTIAL, 200, {"ridge": 0.1}),
    (DUELS, 200, {"link": "exponential", "ridge": 0.1}),
    (DUELS_STATIC, 300, {"c1": 1.0}),
]


class GreedyUCB:
    """i = argmax x_i'theta, j = argmax x_j'theta + c1 |x_j - x_i|."""

    def __init__(self, policy, problem, rng):
        self.dim = problem.dim
        self.tau = problem.arms * self.dim if policy.exploration is None else policy.exploration
        self.c1 = np.sqrt(self.dim * np.log(problem.horizon)) if policy.c1 == "horizon" else policy.c1
        link = problem.link if policy.link == "told" else policy.link
        self.estimator = Estimator(link, self.dim, policy.ridge, policy.refit)
        self.m, self.contrasts = policy.design * np.eye(self.dim), []

    def choose(self, t, features, rng, pick):
        if t < self.tau:
            return draws.pair(rng, len(features))
        if t == self.tau:
            self.m = regular_design(self.m, np.reshape(self.contrasts, (-1, self.dim)))
        utilities = features @ self.estimator.theta
        first = pick(utilities)
        z = features - features[first]
        return first, pick(z @ self.estimator.theta + self.c1 * np.sqrt(np.sum(z @ np.linalg.inv(self.m) * z, 1)))

    def learn(self, t, features, first, second, won):
        z = features[first] - features[second]
        self.estimator.learn(features[first], features[second], won)
        if t < self.tau:
            self.contrasts.append(z)
        else:
            self.m = self.m + np.outer(z, z)
