"""Twin of MR-LPF: each round has a belief of its own, which looks at the answers only at the end."""

import math

import numpy as np

from tests.reference.kernels import Belief
from tests.reference.worlds import ACKLEY_DUELS, BRANIN_DUELS

#: (environment, horizon, parameters)
CASES = [
    (ACKLEY_DUELS, 100, {}),
    (ACKLEY_DUELS, 100, {"width": 0.3}),
    (ACKLEY_DUELS, 90, {"width": 0.01}),  # one arm is left early
    (BRANIN_DUELS, 100, {"preset": "code", "length_scale": 3.0, "width": 0.5}),
    (BRANIN_DUELS, 100, {"length_scale": 3.0, "variance": 0.3, "ridge": 0.05}),
    (ACKLEY_DUELS, 60, {"width": "theory", "norm": 0.1, "ridge": 5.0, "variance": 0.05}),
]


class MRLPF:
    def __init__(self, policy, problem, rng):
        self.policy, self.problem, self.length = policy, problem, 1
        self.left = list(range(problem.arms))
        self.begin()

    def begin(self):
        self.length = math.ceil(math.sqrt(self.problem.horizon * self.length))
        self.belief, self.duels = Belief(self.policy, self.problem), []

    def choose(self, t, features, rng, pick):
        if len(self.left) == 1:
            return self.left[0], self.left[0]
        variances = self.belief.variances()
        scores = np.full(variances.shape, -np.inf)
        for i in self.left:
            for j in self.left:
                if i < j:
                    scores[i, j] = variances[i, j]
        return pick(scores)

    def learn(self, t, features, first, second, won):
        self.belief.learn(first, second, won)
        self.duels.append((first, second))
        if len(self.duels) == self.length:
            upper = self.belief.upper()
            self.left = [i for i in self.left if all(upper[i, j] >= 0.5 for j in self.left)]
            self.begin()
