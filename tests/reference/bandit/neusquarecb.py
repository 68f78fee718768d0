"""Twin of NeuSquareCB: Deb et al. 2024, with the distribution of SquareCB for mu = K."""

import numpy as np

from tests.reference import draws
from tests.reference.perturbed import Oracle
from tests.reference.worlds import CLASSES, LINEAR

SMALL = {"hidden": (6,)}

#: (environment, horizon, parameters)
CASES = [
    (LINEAR, 80, SMALL),
    (LINEAR, 80, {**SMALL, "perturbation": "expected", "gamma": "horizon", "activation": "tanh"}),
    (LINEAR, 80, {**SMALL, "perturbation": "off", "init": "gaussian", "rate": 0.5, "rate_exponent": 0.5, "bias": True}),
    (LINEAR, 80, {"hidden": (5, 4), "bias": True, "activation": "sigma-2", "replay": 3}),
    (LINEAR, 40, {**SMALL, "redraw": "round", "ensemble": 3, "perturbation_scale": 0.5}),
    (LINEAR, 80, {**SMALL, "radius": 0.1, "output_radius": 0.05, "perturbation_scale": 0.5}),
    (LINEAR, 80, {"hidden": (), "encoding": "disjoint", "radius": 0.2, "perturbation": "off", "bias": True}),
    (CLASSES, 80, {**SMALL, "gamma": 10.0, "delta": 0.5}),
    (CLASSES, 80, {"hidden": (5, 4), "perturbation": "expected", "radius": 0.5, "replay": 2, "init": "gaussian"}),
]


class NeuSquareCB:
    """b = argmin y, p_a = 1 / (K + gamma_t (y_a - y_b)) for a != b, p_b = 1 - the others; losses are 1 - r."""

    def __init__(self, policy, problem, rng):
        self.policy, self.gamma = policy, policy.gamma
        self.exponent = 0.5 if policy.exponent is None else policy.exponent
        if policy.gamma == "horizon":
            self.exponent = 0.0
            regret = np.log(1 + problem.horizon)
            self.gamma = np.sqrt(problem.arms * problem.horizon / (regret + np.log(2 / policy.delta)))
        self.oracle = Oracle(policy, problem, rng, logistic=False)

    def choose(self, t, features, rng, pick):
        if self.policy.redraw == "round":
            self.oracle.draw(rng)
        y, arms = self.oracle.predict(features), len(features)
        b = int(np.argmin(y))
        p = 1 / (arms + self.gamma * t**self.exponent * (y - y[b]))
        p[b] = 1 - np.delete(p, b).sum()
        return draws.weighted(rng, p)

    def learn(self, t, features, arm, reward):
        self.oracle.learn(t, features, arm, 1 - reward)
