"""Twin of CoLSTIM: Bengs, Saha, Huellermeier 2022, Algorithm 1."""

import numpy as np

from tests.reference import draws
from tests.reference.likelihood import Estimator, regular_design
from tests.reference.worlds import DUELS, DUELS_BALL, DUELS_EXPONENTIAL, DUELS_ONE_HOT, DUELS_PROBIT, DUELS_STATIC

#: (environment, horizon, parameters)
CASES = [
    (DUELS, 300, {}),
    (DUELS, 300, {"preset": "practical"}),
    (DUELS, 150, {"refit": 1.0}),
    (DUELS, 150, {"preset": "practical", "refit": 1.0}),
    (DUELS, 300, {"refit": 1.5}),
    (DUELS_PROBIT, 300, {"preset": "practical"}),
    (DUELS_PROBIT, 150, {"ridge": 0.1, "refit": 1.0}),
    (DUELS_EXPONENTIAL, 300, {"preset": "practical"}),
    (DUELS_EXPONENTIAL, 150, {"ridge": 0.1, "refit": 1.0}),
    (DUELS, 200, {"link": "probit"}),
    (DUELS, 200, {"link": "exponential"}),
    (DUELS, 200, {"coupling": "always"}),
    (DUELS, 200, {"coupling": "never"}),
    (DUELS, 200, {"threshold": 0.0}),
    (DUELS, 200, {"threshold": 0.4, "coupling": "always", "link": "probit"}),
    (DUELS, 200, {"c1": 0.5}),
    (DUELS, 200, {"preset": "practical", "c1": "horizon"}),
    (DUELS, 200, {"center": True}),
    (DUELS, 200, {"preset": "practical", "center": False}),
    (DUELS, 200, {"design": 1.0}),
    (DUELS, 200, {"preset": "practical", "design": 0.0}),
    (DUELS, 200, {"exploration": 0}),
    (DUELS, 200, {"exploration": 30, "ridge": 1.0}),
    (DUELS, 60, {"exploration": 60}),
    (DUELS_STATIC, 300, {}),
    (DUELS_STATIC, 300, {"preset": "practical"}),
    (DUELS_ONE_HOT, 300, {"preset": "practical"}),
    (DUELS_ONE_HOT, 300, {}),
    (DUELS_BALL, 200, {}),
]

PRESETS = {
    "paper": {"exploration": None, "c1": "horizon", "ridge": 1e-4, "design": 0.0, "center": False},
    "practical": {"exploration": 1, "c1": 2.0, "ridge": 1.0, "design": 1.0, "center": True},
}


class CoLSTIM:
    def __init__(self, policy, problem, rng):
        def given(name):
            value = getattr(policy, name)
            return PRESETS[policy.preset][name] if value is None else value

        self.dim, self.horizon = problem.dim, problem.horizon
        width = np.sqrt(self.dim * np.log(self.horizon))
        self.tau = problem.arms * self.dim if given("exploration") is None else given("exploration")
        self.c1 = width if given("c1") == "horizon" else given("c1")
        self.threshold = width if policy.threshold == "horizon" else policy.threshold
        self.coupling, self.center = policy.coupling, given("center")
        self.link = problem.link if policy.link == "told" else policy.link
        self.estimator = Estimator(self.link, self.dim, given("ridge"), policy.refit)
        self.m, self.contrasts = given("design") * np.eye(self.dim), []

    def coupled(self, t):
        """p_t in round t > tau, counted from 1."""
        if self.coupling == "horizon":
            return min(1, np.sqrt(self.dim * np.log(self.dim * self.horizon) / (t - self.tau)))
        return {"always": 1, "never": 0}[self.coupling]

    def choose(self, t, features, rng, pick):
        arms = len(features)
        if t < self.tau:
            return draws.pair(rng, arms)
        if t == self.tau:
            self.m = regular_design(self.m, np.reshape(self.contrasts, (-1, self.dim)))
        x = features - features.mean(0) if self.center else features
        inverse = np.linalg.inv(self.m)
        norm = np.sqrt(np.einsum("ki,ij,kj->k", x, inverse, x))
        own = rng.random() < self.coupled(t + 1)
        shared = draws.perturbation(self.link, rng)
        eps = np.array([draws.perturbation(self.link, rng) if own else shared for _ in range(arms)])
        eps = np.clip(eps, -self.threshold, self.threshold)
        first = pick(x @ self.estimator.theta + eps * norm)
        z = x - x[first]
        return first, pick(z @ self.estimator.theta + self.c1 * np.sqrt(np.einsum("ki,ij,kj->k", z, inverse, z)))

    def learn(self, t, features, first, second, won):
        z = features[first] - features[second]
        self.estimator.learn(features[first], features[second], won)
        if t < self.tau:
            self.contrasts.append(z)
        else:
            self.m = self.m + np.outer(z, z)
