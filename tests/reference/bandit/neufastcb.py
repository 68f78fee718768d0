"""Twin of NeuFastCB: Deb et al. 2024, with the distribution of FastCB."""

import numpy as np

from tests.reference import draws
from tests.reference.perturbed import Oracle
from tests.reference.worlds import CLASSES, LOGISTIC

SMALL = {"hidden": (6,)}

#: (environment, horizon, parameters)
CASES = [
    (LOGISTIC, 80, SMALL),
    (LOGISTIC, 80, {**SMALL, "perturbation": "expected", "perturbation_scale": 2.0, "rate": 1.0}),
    (LOGISTIC, 80, {**SMALL, "perturbation": "off", "gamma": "horizon", "bias": True, "level": 0.2}),
    (LOGISTIC, 40, {"hidden": (5, 4), "redraw": "round", "ensemble": 2, "perturbation_scale": 0.8, "rate": 1.0}),
    (CLASSES, 80, {**SMALL, "radius": 0.1, "perturbation_scale": 1.0, "replay": 2}),
    (CLASSES, 80, {"hidden": (), "rate": 100.0, "perturbation": "off"}),  # so fast that losses meet their floor
]


class NeuFastCB:
    """b = argmin y, p_a = y_b / (K y_b + gamma_t (y_a - y_b)) for a != b, p_b = 1 - the others; losses are 1 - r."""

    def __init__(self, policy, problem, rng):
        self.policy, self.gamma = policy, policy.gamma
        self.exponent = 0.5 if policy.exponent is None else policy.exponent
        if policy.gamma == "horizon":
            self.exponent = 0.0
            best, regret = policy.level * problem.horizon, np.log(1 + problem.horizon)
            self.gamma = max(np.sqrt(problem.arms * best / (3 * regret)), 10 * problem.arms)
        self.oracle = Oracle(policy, problem, rng, logistic=True)

    def choose(self, t, features, rng, pick):
        if self.policy.redraw == "round":
            self.oracle.draw(rng)
        y, arms = np.clip(self.oracle.predict(features), 1e-6, 1 - 1e-6), len(features)
        b = int(np.argmin(y))
        p = y[b] / (arms * y[b] + self.gamma * t**self.exponent * (y - y[b]))
        p[b] = 1 - np.delete(p, b).sum()
        return draws.weighted(rng, p)

    def learn(self, t, features, arm, reward):
        self.oracle.learn(t, features, arm, 1 - reward)
