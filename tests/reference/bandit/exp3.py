"""Twin of EXP3: Bubeck and Cesa-Bianchi 2012, Section 3.1, with the anytime rate of Theorem 3.1."""

import numpy as np

from tests.reference import draws
from tests.reference.worlds import ADVERSARIAL, BERNOULLI, TABLE

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 400, {}),
    (ADVERSARIAL, 400, {}),
    (ADVERSARIAL, 400, {"rate": 3.0}),
    (TABLE, 300, {"rate": 0.2}),
]


class EXP3:
    """Round t = 1, 2, ...: draw from p_i proportional to exp(-eta_t L_i), L_i the sum of loss 1{I = i} / p_i so far,
    eta_t = sqrt(ln K / (t K))."""

    def __init__(self, policy, problem, rng):
        self.rate = policy.rate
        self.losses = np.zeros(problem.arms)

    def choose(self, t, features, rng, pick):
        arms = len(self.losses)
        eta = self.rate * np.sqrt(np.log(arms) / ((t + 1) * arms))
        weights = np.exp(-eta * (self.losses - self.losses.min()))
        self.distribution = weights / weights.sum()
        return draws.weighted(rng, weights)

    def learn(self, t, features, arm, reward):
        self.losses[arm] += (1 - reward) / self.distribution[arm]
