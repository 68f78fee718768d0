"""GreedyUCB (MaxFirstUCBNext): CoLSTIM without a perturbation."""

import numpy as np

from tests.reference.dueling.colstim import CoLSTIM


class GreedyUCB:
    """i = argmax x_i'theta, j = argmax x_j'theta + c1 |x_j - x_i|; estimate, design and exploration as of CoLSTIM."""

    def __init__(self, policy, problem, rng):
        self.inner = CoLSTIM(policy, problem, rng)

    def choose(self, t, features, rng, pick):
        first, second = self.inner.choose(t, features, rng, pick)
        if t < self.inner.tau:
            return first, second
        utilities, inverse = features @ self.inner.estimator.theta, np.linalg.inv(self.inner.m)
        first = int(np.argmax(utilities))
        z = features - features[first]
        return first, int(np.argmax(utilities + self.inner.c1 * np.sqrt(np.einsum("ki,ij,kj->k", z, inverse, z))))

    def learn(self, *arguments):
        self.inner.learn(*arguments)
