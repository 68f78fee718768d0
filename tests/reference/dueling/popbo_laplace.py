"""Twin of the quadratic approximation of POP-BO, with the inverse of the Hessian by the formula on the duels."""

import numpy as np
from scipy.special import expit

from banditlab.environments.dueling.kernelized import Kernelized
from tests.reference.kernels import by_norm, incidence, rbf
from tests.reference.worlds import ACKLEY_DUELS, BRANIN_DUELS

#: (environment, horizon, parameters)
CASES = [
    (ACKLEY_DUELS, 60, {}),
    (ACKLEY_DUELS, 60, {"beta0": 0.1}),
    (BRANIN_DUELS, 60, {"length_scale": 3.0, "beta0": 0.1, "ridge": 1.0}),
    (Kernelized("matyas", points=4), 60, {"variance": 0.3, "length_scale": 5.0}),
]


class PopboLaplace:
    def __init__(self, policy, problem, rng):
        self.policy, self.gram, self.duels = policy, rbf(problem.domain, policy.variance, policy.length_scale), []
        self.f, self.covariance = np.zeros(len(self.gram)), self.gram / policy.ridge
        self.last = int(rng.random() * len(self.gram))

    def choose(self, t, features, rng, pick):
        spare, own = self.covariance, self.last
        variances = np.clip(spare.diagonal() + spare[own, own] - 2 * spare[own], 0, None)
        beta = self.policy.beta0 * np.sqrt(t + 1)
        return pick(self.f - self.f[own] + np.sqrt(2 * beta * variances)), own

    def learn(self, t, features, first, second, won):
        self.last = first
        if first == second:
            return
        self.duels.append((first, second, bool(won)))
        self.f = by_norm(self.gram, self.duels, self.policy.ridge)
        d, prior = incidence(self.duels, len(self.gram)), self.gram / self.policy.ridge
        margins = d @ self.f
        spread = np.diag(1 / (expit(margins) * expit(-margins)))
        self.covariance = prior - prior @ d.T @ np.linalg.solve(d @ prior @ d.T + spread, d @ prior)
