"""Twin of NeuralGCB: Salgia, Vakili and Zhao 2023, with dense gradients and a fresh inverse in each round."""

import numpy as np

from banditlab.environments.bandit.synthetic import Synthetic
from tests.reference import draws
from tests.reference.networks import disjoint, encode, network_of
from tests.reference.worlds import CLASSES, LINEAR

SMALL = {"hidden": (4,), "epochs": 5, "rate": 0.1, "norm": 1.0}
QUICK = {**SMALL, "threshold": 4.0}  # soon leaves level 0
CURVED = Synthetic("h1", arms=3, dim=3)

#: (environment, horizon, parameters)
CASES = [
    (LINEAR, 60, {**SMALL, "batch": "sequential", "train_every": 3}),
    (LINEAR, 60, {**QUICK, "batch": "sequential", "covariance": "dual", "delta": 0.5}),
    (LINEAR, 60, {**QUICK, "batch": "fixed", "batches": (2, 5), "exploitation": 0.1, "noise": 1.0}),
    (LINEAR, 60, {**QUICK, "batch": "fixed", "levels": 2, "hidden": (3, 4), "activation": "tanh"}),
    (LINEAR, 60, {**QUICK, "hidden": (4, 3), "covariance": "dual", "ratios": (1.5, 2.0), "ridge": 2.0}),
    (LINEAR, 60, {**QUICK, "hidden": (), "covariance": "dual", "encoding": "disjoint", "threshold": 3.0}),
    (CURVED, 100, {**QUICK, "norm": 0.0, "noise": 0.0, "threshold": 8.0, "exploitation": 0.2}),
    (CURVED, 100, {**SMALL, "threshold": 20.0, "ridge": 4.0, "levels": 3, "activation": "sigma-2", "rate": 0.02}),
    (CLASSES, 60, {**QUICK, "covariance": "primal", "epochs": 0}),
    (CLASSES, 60, {**QUICK, "covariance": "dual", "ratios": (1.0,), "exploitation": 0.0}),
]


class NeuralGCB:
    """Psi_s: the rounds of level s; A_s = ridge I + sum_(Psi_s) g g'; sigma^2 = g'A_s^-1 g, g = grad f(x; w_0)."""

    def __init__(self, policy, problem, rng):
        self.policy, self.T, self.disjoint = policy, problem.horizon, disjoint(policy, problem)
        self.network = network_of(policy, problem, False)
        self.initial = self.network.gaussian(rng)
        self.levels = policy.levels if policy.levels != "log" else int(np.ceil(np.log(self.T)))
        self.weights = [self.initial] * self.levels
        self.rounds = [[] for _ in range(self.levels)]  # (input, reward)
        self.matrices = [policy.ridge * np.eye(self.network.size)] * self.levels
        self.trained = [(0, matrix) for matrix in self.matrices]  # rounds, and A_s, at the last training
        self.exploited = [0] * self.levels

    def due(self, s):
        p, (count, matrix) = self.policy, self.trained[s]
        if p.batch == "sequential" or len(self.rounds[s]) == count:
            return False
        if p.batch == "fixed":
            return len(self.rounds[s]) - count >= p.batches[: s + 1][-1]
        ratio = np.linalg.slogdet(self.matrices[s])[1] - np.linalg.slogdet(matrix)[1]
        return ratio > np.log(p.ratios[: s + 1][-1])

    def train(self, s):
        w, n = self.weights[s], len(self.rounds[s])
        for _ in range(self.policy.epochs):
            errors = [(self.network.value(w, x) - r, self.network.gradient(w, x)) for x, r in self.rounds[s]]
            w = w - self.policy.rate * 2 / n * sum(error * gradient for error, gradient in errors)
        self.weights[s], self.trained[s] = w, (n, self.matrices[s])

    def choose(self, t, features, rng, pick):
        p, arms = self.policy, len(features)
        inputs = [encode(x, a, arms, self.disjoint) for a, x in enumerate(features)]
        gradients = np.array([self.network.gradient(self.initial, x) for x in inputs])
        beta = 2 * p.norm + p.noise * np.sqrt(2 / p.ridge * np.log(1 / p.delta))
        left, leader = np.arange(arms), None
        for s in range(self.levels):
            if self.due(s):
                self.train(s)
            mean = np.array([self.network.value(self.weights[s], x) for x in inputs])
            width = np.sqrt(np.sum(gradients @ np.linalg.inv(self.matrices[s]) * gradients, axis=1))
            wide = left[width[left] > p.threshold * 2.0 ** -(s + 1)]
            if len(wide):
                self.level = s
                if s == 0 or self.exploited[s] > p.exploitation * np.log(self.T) * 4.0 ** (s + 1):
                    return wide[draws.index(rng, len(wide))]
                self.exploited[s] += 1
                return leader
            arm = left[np.argmax((mean + beta * width)[left])]
            if s == self.levels - 1 or width[arm] <= p.threshold / np.sqrt(self.T * (1 + (p.batch == "sequential"))):
                self.level = min(s + 1, self.levels - 1)
                return arm
            leader = left[np.argmax(mean[left])]
            left = left[(mean + beta * width)[left] >= np.max((mean - beta * width)[left])]

    def learn(self, t, features, arm, reward):
        s, x = self.level, encode(features[arm], arm, len(features), self.disjoint)
        gradient = self.network.gradient(self.initial, x)
        self.rounds[s].append((x, reward))
        self.matrices[s] = self.matrices[s] + np.outer(gradient, gradient)
        if self.policy.batch == "sequential" and len(self.rounds[s]) % self.policy.train_every == 0:
            self.train(s)
