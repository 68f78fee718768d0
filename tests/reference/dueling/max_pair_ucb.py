"""Twin of MaxPairUCB: Di et al. 2024, Algorithm 1, line 8."""

import numpy as np

from tests.reference import draws
from tests.reference.likelihood import Estimator, regular_design
from tests.reference.worlds import DUELS, DUELS_BALL, DUELS_EXPONENTIAL, DUELS_PROBIT, DUELS_STATIC

#: (environment, horizon, parameters)
CASES = [
    (DUELS, 300, {}),
    (DUELS, 150, {"refit": 1.0}),
    (DUELS, 300, {"beta": 0.5, "exploration": 20, "design": 0.0}),
    (DUELS, 200, {"exploration": None, "ridge": 1e-4, "design": 0.0}),
    (DUELS_PROBIT, 200, {"beta": 1.0}),
    (DUELS_EXPONENTIAL, 200, {}),
    (DUELS, 200, {"link": "probit", "ridge": 0.1}),
    (DUELS_STATIC, 300, {"beta": 1.0}),
    (DUELS_BALL, 200, {}),
]


def pair_of_largest_score(x, theta, inverse, beta, pick):
    """argmax over i >= j of (x_i + x_j)'theta + beta |x_i - x_j|, in the norm of an inverse."""
    z = x[:, None] - x[None]
    norms = np.sqrt(np.maximum(0, np.einsum("ijp,pq,ijq->ij", z, inverse, z)))
    utilities = x @ theta
    scores = utilities[:, None] + utilities + beta * norms
    return pick(np.where(np.tri(len(x), dtype=bool), scores, -np.inf))


class MaxPairUCB:
    def __init__(self, policy, problem, rng):
        self.dim = problem.dim
        self.tau = problem.arms * self.dim if policy.exploration is None else policy.exploration
        self.beta = np.sqrt(self.dim * np.log(problem.horizon)) if policy.beta == "horizon" else policy.beta
        link = problem.link if policy.link == "told" else policy.link
        self.estimator = Estimator(link, self.dim, policy.ridge, policy.refit)
        self.m, self.contrasts = policy.design * np.eye(self.dim), []

    def choose(self, t, features, rng, pick):
        if t < self.tau:
            return draws.pair(rng, len(features))
        if t == self.tau:
            self.m = regular_design(self.m, np.reshape(self.contrasts, (-1, self.dim)))
        return pair_of_largest_score(features, self.estimator.theta, np.linalg.inv(self.m), self.beta, pick)

    def learn(self, t, features, first, second, won):
        z = features[first] - features[second]
        self.estimator.learn(features[first], features[second], won)
        if t < self.tau:
            self.contrasts.append(z)
        else:
            self.m = self.m + np.outer(z, z)
