"""Twin of Logistic-UCB-1: Faury et al. 2020, Algorithm 1 without its projection; the width of their Lemma 2."""

import numpy as np
from scipy import special

from tests.reference.likelihood import Estimator
from tests.reference.worlds import LOGISTIC, LOGISTIC_STATIC

#: (environment, horizon, parameters)
CASES = [
    (LOGISTIC, 300, {}),
    (LOGISTIC, 150, {"refit": 1.0}),
    (LOGISTIC, 200, {"width": 0.5, "ridge": 1.0}),
    (LOGISTIC, 200, {"width": 0.2, "ridge": 0.1, "norm": 1.0, "refit": 1.3}),
    (LOGISTIC_STATIC, 300, {}),
    (LOGISTIC_STATIC, 200, {"norm": 3.0, "delta": 0.4, "ridge": 0.5}),
    (LOGISTIC_STATIC, 150, {"width": 0.1, "refit": 1.0}),
]


class LogisticUCB:
    """V = kappa lambda I + sum x x'; play the largest mu(x'theta) + L sqrt((4 + 8 S) kappa) gamma |x|_{V^-1}, with
    gamma = sqrt(lambda) (S + 1/2) + 2 / sqrt(lambda) ln(2^d / delta (1 + L t / (d lambda))^(d/2)) and L = 1/4."""

    def __init__(self, policy, problem, rng):
        self.policy, self.dim = policy, problem.dim
        self.norm = problem.signal if policy.norm == "told" else policy.norm
        self.ridge = self.dim * np.log(problem.horizon) if policy.ridge == "horizon" else policy.ridge
        self.kappa = 1 / (special.expit(self.norm) * (1 - special.expit(self.norm)))
        self.estimator = Estimator("logistic", self.dim, self.ridge, policy.refit)
        self.contexts = np.empty((0, self.dim))

    def width(self, t):
        if self.policy.width != "theory":
            return self.policy.width
        steepest, root, d = 1 / 4, np.sqrt(self.ridge), self.dim
        inside = 2**d / self.policy.delta * (1 + steepest * t / (d * self.ridge)) ** (d / 2)
        gamma = root * (self.norm + 1 / 2) + 2 / root * np.log(inside)
        return steepest * np.sqrt((4 + 8 * self.norm) * self.kappa) * gamma

    def choose(self, t, features, rng, pick):
        v = self.kappa * self.ridge * np.eye(self.dim) + self.contexts.T @ self.contexts
        norms = np.sqrt(np.einsum("ki,ij,kj->k", features, np.linalg.inv(v), features))
        return pick(special.expit(features @ self.estimator.theta) + self.width(t) * norms)

    def learn(self, t, features, arm, reward):
        self.estimator.learn(features[arm], np.zeros(self.dim), reward == 1)
        self.contexts = np.vstack([self.contexts, features[arm]])
