"""Twin of LGP-UCB: Pasztor et al. 2024, logistic feedback; ties as for duels, the published code has 1e-16."""

import numpy as np
from scipy.special import expit

from tests.reference.kernels import Belief, draw_near
from tests.reference.worlds import ACKLEY, BRANIN

#: (environment, horizon, parameters)
CASES = [
    (BRANIN, 60, {"length_scale": 3.0}),
    (BRANIN, 60, {"preset": "code", "length_scale": 3.0}),
    (ACKLEY, 60, {"width": 0.2, "variance": 0.1, "norm": 3.0}),
    (ACKLEY, 60, {"preset": "code", "penalty": 0.1, "length_scale": 2.0, "ridge": 0.5}),
    (ACKLEY, 60, {"width": "theory", "norm": 0.1, "ridge": 2.0, "delta": 0.4}),
    (BRANIN, 60, {"width": "theory", "norm": 0.1, "ridge": 2.0, "length_scale": 5.0}),
]


class LGPUCB:
    """The largest s(f(x)) + beta sigma(x); beta = 4 L B + 2 L sqrt(2 kappa / lambda (gain + ln 1/delta)), L = 1/4."""

    def __init__(self, policy, problem, rng):
        self.policy, self.belief = policy, Belief(policy, problem, single=True)

    def beta(self):
        policy, belief = self.policy, self.belief
        if policy.width != "theory":
            return policy.width
        inside = 2 * belief.kappa / policy.ridge * (belief.gain + np.log(1 / policy.delta))
        return 4 * 0.25 * policy.norm + 2 * 0.25 * np.sqrt(inside)

    def choose(self, t, features, rng, pick):
        variances = np.diag(self.belief.covariance)[:-1]
        return draw_near(rng, expit(self.belief.f[:-1]) + self.beta() * np.sqrt(variances))

    def learn(self, t, features, arm, reward):
        self.belief.learn(arm, len(self.belief.f) - 1, reward == 1)
