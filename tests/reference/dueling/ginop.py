"""Twin of GINOP for linear utilities: arXiv 2609.39351, Section 5 and Appendix E.1."""

import numpy as np

from tests.reference.dueling.max_pair_ucb import pair_of_largest_score
from tests.reference.likelihood import Estimator, weight
from tests.reference.worlds import DUELS, DUELS_BALL, DUELS_EXPONENTIAL, DUELS_PROBIT, DUELS_STATIC

#: (environment, horizon, parameters)
CASES = [
    (DUELS, 300, {}),
    (DUELS, 150, {"refit": 1.0}),
    (DUELS, 300, {"beta": 0.5, "ridge": 0.1}),
    (DUELS_PROBIT, 200, {"beta": 1.0}),
    (DUELS_EXPONENTIAL, 200, {}),
    (DUELS, 200, {"link": "probit"}),
    (DUELS_STATIC, 300, {"beta": 1.0}),
    (DUELS_BALL, 200, {}),
]


class GINOP:
    def __init__(self, policy, problem, rng):
        link = problem.link if policy.link == "told" else policy.link
        self.estimator = Estimator(link, problem.dim, policy.ridge, policy.refit)
        width = np.sqrt(weight(link, 0.0) * problem.dim * np.log(problem.horizon))
        self.beta = width if policy.beta == "horizon" else policy.beta

    def choose(self, t, features, rng, pick):
        inverse = np.linalg.inv(self.estimator.hessian)
        return pair_of_largest_score(features, self.estimator.theta, inverse, self.beta, pick)

    def learn(self, t, features, first, second, won):
        self.estimator.learn(features[first], features[second], won)
