"""Twin of MaxInP: Saha 2021, Algorithm 2."""

import numpy as np

from tests.reference import draws
from tests.reference.likelihood import Estimator, regular_design
from tests.reference.worlds import DUELS, DUELS_BALL, DUELS_EXPONENTIAL, DUELS_HYPERCUBE, DUELS_PROBIT, DUELS_STATIC

#: (environment, horizon, parameters)
CASES = [
    (DUELS, 300, {}),
    (DUELS, 150, {"refit": 1.0}),
    (DUELS, 300, {"eta": 0.5}),
    (DUELS, 300, {"eta": 0.02}),
    (DUELS_PROBIT, 200, {"eta": 1.0}),
    (DUELS_EXPONENTIAL, 200, {"eta": 1.0}),
    (DUELS, 200, {"eta": 1.0, "link": "exponential"}),
    (DUELS, 200, {"eta": 1.0, "ridge": 1.0, "design": 1.0, "exploration": 0}),
    (DUELS, 200, {"eta": 1.0, "exploration": 0}),
    (DUELS, 200, {"eta": 1.0, "exploration": 30}),
    (DUELS_STATIC, 300, {"eta": 1.0}),
    (DUELS_BALL, 200, {"eta": 0.7}),
    (DUELS_HYPERCUBE, 200, {}),
]


class MaxInP:
    def __init__(self, policy, problem, rng):
        self.dim = problem.dim
        self.t0 = problem.arms * self.dim if policy.exploration is None else policy.exploration
        self.eta = np.sqrt(self.dim * np.log(problem.horizon)) if policy.eta == "horizon" else policy.eta
        link = problem.link if policy.link == "told" else policy.link
        self.estimator = Estimator(link, self.dim, policy.ridge, policy.refit)
        self.m, self.contrasts = policy.design * np.eye(self.dim), []

    def choose(self, t, features, rng, pick):
        arms = len(features)
        if t < self.t0:
            return draws.pair(rng, arms)
        if t == self.t0:
            self.m = regular_design(self.m, np.reshape(self.contrasts, (-1, self.dim)))
        z = features[:, None] - features[None]
        squares = np.einsum("ijp,pq,ijq->ij", z, np.linalg.inv(self.m), z)
        bound = z @ self.estimator.theta + self.eta * np.sqrt(squares)
        plausible = [i for i in range(arms) if all(bound[i, j] >= 0 for j in range(arms) if j != i)]
        if len(plausible) == 0:
            best = pick(features @ self.estimator.theta)
            return best, best
        if len(plausible) == 1:
            return plausible[0], plausible[0]
        scores = np.full((arms, arms), -np.inf)
        for i in plausible:
            for j in plausible:
                if i < j:  # |x_i - x_j| = |x_j - x_i|, and (i, j) comes first
                    scores[i, j] = np.sqrt(squares[i, j])
        return pick(scores)

    def learn(self, t, features, first, second, won):
        z = features[first] - features[second]
        self.estimator.learn(features[first], features[second], won)
        if t < self.t0:
            self.contrasts.append(z)
        else:
            self.m = self.m + np.outer(z, z)
