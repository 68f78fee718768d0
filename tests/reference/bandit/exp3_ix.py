"""Twin of EXP3-IX: Neu 2015, Algorithm 1, with the rates of Theorem 1."""

import numpy as np

from tests.reference import draws
from tests.reference.worlds import ADVERSARIAL, BERNOULLI, TABLE

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 400, {}),
    (ADVERSARIAL, 400, {}),
    (TABLE, 300, {}),
    (ADVERSARIAL, 400, {"tuning": "horizon"}),
    (TABLE, 300, {"tuning": "horizon"}),
]


class EXP3IX:
    """w_i = exp(-eta_t sum of earlier estimates), p = w / sum w; the estimate is loss 1{I = i} / (p_i + gamma_t)."""

    def __init__(self, policy, problem, rng):
        self.arms = problem.arms
        self.horizon = problem.horizon if policy.tuning == "horizon" else None
        self.estimates = np.zeros((0, problem.arms))

    def rates(self, t):
        """eta and gamma in round t = 1, 2, ..."""
        if self.horizon is None:
            eta = np.sqrt(np.log(self.arms) / (self.arms * t))
        else:
            eta = np.sqrt(2 * np.log(self.arms) / (self.arms * self.horizon))
        return eta, eta / 2

    def choose(self, t, features, rng, pick):
        eta, _ = self.rates(t + 1)
        total = self.estimates.sum(0)
        weights = np.exp(-eta * (total - total.min()))
        self.distribution = weights / weights.sum()
        return draws.weighted(rng, self.distribution)

    def learn(self, t, features, arm, reward):
        _, gamma = self.rates(t + 1)
        played = np.arange(self.arms) == arm
        self.estimates = np.vstack([self.estimates, (1 - reward) * played / (self.distribution + gamma)])
