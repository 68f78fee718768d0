"""Twin of Sta'D: Saha 2021, Algorithm 3."""

import numpy as np

from tests.reference import draws
from tests.reference.likelihood import Estimator, regular_design
from tests.reference.worlds import DUELS, DUELS_EXPONENTIAL, DUELS_PROBIT, DUELS_STATIC

#: (environment, horizon, parameters)
CASES = [
    (DUELS, 300, {}),
    (DUELS, 150, {"refit": 1.0, "eta": 1.0}),
    (DUELS, 500, {"eta": 0.3}),
    (DUELS, 300, {"eta": 0.1, "exploration": 40, "ridge": 1.0}),
    (DUELS, 200, {"eta": 0.3, "exploration": 0, "design": 1.0}),
    (DUELS, 60, {"exploration": 60}),
    (DUELS_PROBIT, 300, {"eta": 0.2}),
    (DUELS_EXPONENTIAL, 300, {"eta": 0.2, "ridge": 0.1}),
    (DUELS, 300, {"eta": 0.3, "link": "probit"}),
    (DUELS_STATIC, 500, {"eta": 0.3}),
]


class StaD:
    def __init__(self, policy, problem, rng):
        self.dim, self.horizon = problem.dim, problem.horizon
        self.t0 = problem.arms * self.dim if policy.exploration is None else policy.exploration
        self.eta = np.sqrt(self.dim * np.log(self.horizon)) if policy.eta == "horizon" else policy.eta
        link = problem.link if policy.link == "told" else policy.link
        self.stages, s = [], 0
        while s == 0 or 2.0**-s > 1 / np.sqrt(self.horizon):
            s += 1
            self.stages.append(Estimator(link, self.dim, policy.ridge, policy.refit))
        self.explored = []
        self.designs = [policy.design * np.eye(self.dim) for _ in self.stages]

    def choose(self, t, features, rng, pick):
        if t < self.t0:
            return draws.pair(rng, len(features))
        if t == self.t0:
            contrasts = np.reshape(self.explored, (-1, self.dim))
            self.designs = [regular_design(m, contrasts) for m in self.designs]
        left, s = np.ones(len(features), bool), 1
        while True:
            g = np.where(left, features @ self.stages[s - 1].theta, -np.inf)
            z = features[:, None] - features[None]
            p = self.eta * np.sqrt(np.einsum("ijp,pq,ijq->ij", z, np.linalg.inv(self.designs[s - 1]), z))
            p = np.where(np.outer(left, left), p, 0)
            if p.max() <= 1 / np.sqrt(self.horizon):
                self.stage = None
                a = pick(g)
                return a, pick(g + p[:, a])
            if p.max() <= 2.0**-s:
                left, s = left & ~(g + 2.0**-s < g.max()), s + 1
            else:
                wide = np.argwhere(np.triu(p > 2.0**-s))
                self.stage = s
                return tuple(int(k) for k in wide[draws.index(rng, len(wide))])

    def learn(self, t, features, first, second, won):
        z = features[first] - features[second]
        if t < self.t0:
            self.explored.append(z)
            for estimator in self.stages:
                estimator.learn(features[first], features[second], won)
        elif self.stage is not None:
            self.stages[self.stage - 1].learn(features[first], features[second], won)
            self.designs[self.stage - 1] = self.designs[self.stage - 1] + np.outer(z, z)
