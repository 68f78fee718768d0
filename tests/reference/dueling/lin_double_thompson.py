"""Twin of double Thompson sampling with linear utilities."""

import numpy as np

from tests.reference.likelihood import Estimator
from tests.reference.worlds import DUELS, DUELS_EXPONENTIAL, DUELS_PROBIT, DUELS_STATIC

#: (environment, horizon, parameters)
CASES = [
    (DUELS, 300, {}),
    (DUELS, 150, {"refit": 1.0, "v": 2.0}),
    (DUELS, 300, {"v": 0.3, "ridge": 0.1}),
    (DUELS_PROBIT, 200, {}),
    (DUELS_EXPONENTIAL, 200, {"v": 0.5}),
    (DUELS, 200, {"link": "probit"}),
    (DUELS_STATIC, 300, {}),
]


def draw_winners(estimator, features, spread, rng, pick):
    """For each arm of the pair, the best one for a draw of its own from N(theta, spread^2 H^-1)."""
    factor = np.linalg.cholesky(np.linalg.inv(estimator.hessian))
    normals = [[rng.standard_normal() for _ in estimator.theta] for _ in range(2)]
    return tuple(pick(features @ (estimator.theta + spread * factor @ normal)) for normal in normals)


class LinDoubleThompson:
    def __init__(self, policy, problem, rng):
        link = problem.link if policy.link == "told" else policy.link
        self.estimator = Estimator(link, problem.dim, policy.ridge, policy.refit)
        self.v = policy.v

    def choose(self, t, features, rng, pick):
        return draw_winners(self.estimator, features, self.v, rng, pick)

    def learn(self, t, features, first, second, won):
        self.estimator.learn(features[first], features[second], won)
