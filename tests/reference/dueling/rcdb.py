"""Twin of RCDB: Di, He, Gu 2025, Algorithm 1."""

import numpy as np

from tests.reference.dueling.max_pair_ucb import pair_of_largest_score
from tests.reference.likelihood import Estimator
from tests.reference.worlds import DUELS, DUELS_BALL, DUELS_EXPONENTIAL, DUELS_PROBIT, DUELS_STATIC

#: (environment, horizon, parameters)
CASES = [
    (DUELS, 300, {}),
    (DUELS, 150, {"refit": 1.0, "alpha": 0.3}),
    (DUELS, 300, {"beta": 0.5, "alpha": 0.2, "ridge": 0.1, "design": 0.5}),
    (DUELS, 200, {"alpha": 100.0}),
    (DUELS_PROBIT, 200, {"beta": 1.0}),
    (DUELS_EXPONENTIAL, 200, {}),
    (DUELS, 200, {"link": "probit"}),
    (DUELS_STATIC, 300, {"beta": 1.0}),
    (DUELS_BALL, 200, {}),
]


class RCDB:
    def __init__(self, policy, problem, rng):
        link = problem.link if policy.link == "told" else policy.link
        self.estimator = Estimator(link, problem.dim, policy.ridge, policy.refit)
        self.sigma = policy.design * np.eye(problem.dim)
        self.beta = np.sqrt(problem.dim * np.log(problem.horizon)) if policy.beta == "horizon" else policy.beta
        self.alpha = np.sqrt(problem.dim / problem.horizon) if policy.alpha == "horizon" else policy.alpha

    def choose(self, t, features, rng, pick):
        return pair_of_largest_score(features, self.estimator.theta, np.linalg.inv(self.sigma), self.beta, pick)

    def learn(self, t, features, first, second, won):
        z = features[first] - features[second]
        if z.any():
            w = min(1, self.alpha / np.sqrt(z @ np.linalg.inv(self.sigma) @ z))
            self.estimator.learn(features[first], features[second], won, w)
            self.sigma = self.sigma + w * np.outer(z, z)
