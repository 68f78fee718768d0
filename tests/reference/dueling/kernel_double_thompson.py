"""Twin of kernelised double Thompson sampling: Matheron's rule on the duels themselves, those of a pair averaged."""

import numpy as np

from tests.reference.kernels import Belief
from tests.reference.worlds import ACKLEY_DUELS, BRANIN_DUELS

#: (environment, horizon, parameters)
CASES = [
    (ACKLEY_DUELS, 60, {}),
    (BRANIN_DUELS, 60, {"length_scale": 3.0, "width": 2.0}),
    (BRANIN_DUELS, 60, {"preset": "code", "length_scale": 3.0}),
    (ACKLEY_DUELS, 40, {"width": "theory", "norm": 0.5}),
    (ACKLEY_DUELS, 60, {"variance": 0.3, "ridge": 0.05, "width": 0.5}),
]


class KernelDoubleThompson:
    def __init__(self, policy, problem, rng):
        self.belief, self.counts = Belief(policy, problem), {}

    def choose(self, t, features, rng, pick):
        scores = [self.belief.f + self.beta() * self.deviation(rng) for _ in range(2)]
        return tuple(pick(row) for row in scores)

    def learn(self, t, features, first, second, won):
        self.belief.learn(first, second, won)
        if first != second:
            pair = (min(first, second), max(first, second))
            self.counts[pair] = self.counts.get(pair, 0) + 1

    def beta(self):
        policy = self.belief.policy
        if policy.width != "theory":
            return policy.width
        gain = self.belief.gain + np.log(1 / policy.delta)
        return policy.norm + np.sqrt(2 * self.belief.kappa / policy.ridge * gain) / 2

    def deviation(self, rng):
        """h - K D' (D K D' + R)^-1 (D h + noise), for a prior draw h and noise of covariance R = rho^2 / counts."""
        gram = self.belief.gram
        jitter = 1e-8 * gram.diagonal().max() * np.eye(len(gram))
        h = np.linalg.cholesky(gram + jitter) @ rng.standard_normal(len(gram))
        if not self.counts:
            return h
        d = np.array([np.eye(len(gram))[i] - np.eye(len(gram))[j] for i, j in self.counts])
        variances = self.belief.noise / np.array(list(self.counts.values()))
        seen = d @ h + np.sqrt(variances) * rng.standard_normal(len(d))
        return h - gram @ d.T @ np.linalg.solve(d @ gram @ d.T + np.diag(variances), seen)
