"""Twin of Tsallis-INF: Zimmert and Seldin 2021, Algorithm 1 with alpha = 1/2, and Section 3.2 for the estimators."""

import numpy as np
from scipy import optimize

from tests.reference import draws
from tests.reference.worlds import ADVERSARIAL, BERNOULLI, TABLE

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 400, {}),
    (ADVERSARIAL, 400, {}),
    (TABLE, 300, {}),
    (BERNOULLI, 400, {"estimator": "iw"}),
    (ADVERSARIAL, 400, {"estimator": "iw"}),
    (TABLE, 300, {"estimator": "iw"}),
]


class TsallisINF:
    """w_t = argmax <w, -L> - Psi_t(w), Psi_t(w) = -(4 / eta_t) sum sqrt(w_i), so that w_i = 4 / (eta_t (L_i - x))^2."""

    def __init__(self, policy, problem, rng):
        self.arms, self.reduced = problem.arms, policy.estimator == "rv"
        self.estimates = np.zeros((0, problem.arms))

    def eta(self, t):
        """Learning rate in round t = 1, 2, ..."""
        return 4 * np.sqrt(1 / t) if self.reduced else 2 * np.sqrt(1 / t)

    def choose(self, t, features, rng, pick):
        eta, total = self.eta(t + 1), self.estimates.sum(0)

        def weights(x):
            return 4 / (eta * (total - x)) ** 2

        # one arm alone has weight 1 at the upper end, and all arms at most 1 / K at the lower
        low, high = total.min() - 2 * np.sqrt(self.arms) / eta - 1e-9, total.min() - 2 / eta + 1e-12
        x = optimize.brentq(lambda x: weights(x).sum() - 1, low, high, xtol=1e-14, rtol=1e-15)
        self.weights = weights(x)
        return draws.weighted(rng, self.weights)

    def learn(self, t, features, arm, reward):
        played, w = np.arange(self.arms) == arm, self.weights
        baseline = (w >= self.eta(t + 1) ** 2) / 2 if self.reduced else np.zeros(self.arms)
        self.estimates = np.vstack([self.estimates, played * (1 - reward - baseline) / w + baseline])
