"""Twin of FGTS.CDB with a tempered Laplace posterior: Li, Zhao, Gu 2024, Algorithm 1, for mu = 0.

Written from the posterior p_0(theta) prod_s F(z_s'theta)^eta: the power is a weight of every duel, and p_0 has
precision eta lambda, so that the Hessian at the maximum is the inverse covariance as it stands.
"""

import numpy as np

from tests.reference.dueling.lin_double_thompson import draw_winners
from tests.reference.likelihood import Estimator
from tests.reference.worlds import DUELS, DUELS_EXPONENTIAL, DUELS_PROBIT, DUELS_STATIC

#: (environment, horizon, parameters)
CASES = [
    (DUELS, 300, {}),
    (DUELS, 150, {"refit": 1.0}),
    (DUELS, 300, {"eta": 1.0, "ridge": 0.1}),
    (DUELS_PROBIT, 200, {"eta": 0.5}),
    (DUELS_EXPONENTIAL, 200, {}),
    (DUELS, 200, {"link": "probit"}),
    (DUELS_STATIC, 300, {}),
]


class FGTSCDB:
    def __init__(self, policy, problem, rng):
        link = problem.link if policy.link == "told" else policy.link
        self.eta = policy.eta
        self.posterior = Estimator(link, problem.dim, policy.eta * policy.ridge, policy.refit)

    def choose(self, t, features, rng, pick):
        return draw_winners(self.posterior, features, 1.0, rng, pick)

    def learn(self, t, features, first, second, won):
        self.posterior.learn(features[first], features[second], won, np.float64(self.eta))
