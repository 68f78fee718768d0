"""The oracle of Deb et al. 2024, written plainly: a perturbed network, and gradient steps on the ensemble's loss."""

import numpy as np
from scipy import special

from tests.reference import draws
from tests.reference.networks import disjoint, encode, network_of


class Oracle:
    """f~_s(x) = f(x; w) + c e_s'(w - w_0); losses (l - f~)^2 / 2, or with probabilities sigmoid(f~) the log loss."""

    def __init__(self, policy, problem, rng, logistic):
        self.policy, self.logistic = policy, logistic
        self.arms, self.disjoint = problem.arms, disjoint(policy, problem)
        self.net = network_of(policy, problem, policy.bias)
        self.w = self.w0 = self.net.uniform(rng) if policy.init == "uniform" else self.net.gaussian(rng)
        width = policy.hidden[-1] if policy.hidden else 1
        self.c = policy.perturbation_scale * width**-0.25
        self.signs = np.zeros((0, self.net.size))
        if policy.perturbation == "sample":
            self.signs = np.zeros((policy.ensemble, self.net.size))
            self.draw(rng)
        self.key = rng.integers(2**64, dtype=np.uint64)
        self.inputs, self.losses = [], []

    def draw(self, rng):
        for s in range(self.signs.shape[0]):
            self.signs[s] = [1 if rng.random() < 0.5 else -1 for _ in range(self.net.size)]

    def predict(self, features):
        return np.array([self.prediction(encode(x, a, self.arms, self.disjoint)) for a, x in enumerate(features)])

    def members(self, x):
        """f~ of all members; of the network alone without any."""
        f = self.net.value(self.w, x)
        return f + self.c * self.signs @ (self.w - self.w0) if len(self.signs) else np.array([f])

    def prediction(self, x):
        f = self.members(x)
        if not self.logistic:
            return f.mean()
        p = special.expit(f)
        if self.policy.perturbation == "expected":  # to second order in c
            p = p + self.c**2 * np.sum((self.w - self.w0) ** 2) * p * (1 - p) * (1 - 2 * p) / 2
        return p.mean()

    def gradient(self, x, loss):
        f, g, change = self.members(x), self.net.gradient(self.w, x), self.w - self.w0
        p = special.expit(f) if self.logistic else f
        if self.policy.perturbation == "sample":
            return np.mean([r * (g + self.c * e) for r, e in zip(p - loss, self.signs, strict=True)], 0)
        [r], [bend] = p - loss, p * (1 - p) if self.logistic else np.ones(1)
        if self.policy.perturbation == "off":
            return r * g
        slope = bend * (1 - 2 * p[0]) if self.logistic else 0.0
        return (r + self.c**2 * slope * np.sum(change**2) / 2) * g + self.c**2 * bend * change

    def step(self, t, x, loss):
        rate = self.policy.rate * (t + 1) ** -self.policy.rate_exponent
        self.w = self.w - rate * self.gradient(x, loss)
        if self.policy.radius is not None:
            self.project()

    def project(self):
        change, at = self.w - self.w0, 0
        for k, (n, m) in enumerate(self.net.shapes):
            size = n * m + self.net.bias * m
            radius = self.policy.radius
            if k == len(self.net.shapes) - 1 and self.policy.output_radius is not None:
                radius = self.policy.output_radius
            norm = np.linalg.norm(change[at : at + size])
            if norm > radius:
                change[at : at + size] *= radius / norm
            at += size
        self.w = self.w0 + change

    def learn(self, t, features, arm, loss):
        x = encode(features[arm], arm, self.arms, self.disjoint)
        self.step(t, x, loss)
        self.inputs.append(x)
        self.losses.append(loss)
        for j in range(self.policy.replay):
            i = int(draws.hashed_uniform(self.key, t, j) * len(self.inputs))
            self.step(t, self.inputs[i], self.losses[i])
