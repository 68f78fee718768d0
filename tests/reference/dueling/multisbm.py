"""Twin of MultiSBM: Ailon et al. 2014, on one kernelised estimate, with the ties of the published code of MaxMinLCB."""

import numpy as np

from banditlab.environments.dueling.kernelized import Kernelized
from tests.reference.kernels import Belief, draw_near
from tests.reference.worlds import ACKLEY_DUELS, BRANIN_DUELS

#: (environment, horizon, parameters)
CASES = [
    (BRANIN_DUELS, 60, {"length_scale": 3.0}),
    (BRANIN_DUELS, 60, {"preset": "code", "length_scale": 3.0, "penalty": 0.1, "width": 0.3}),
    (ACKLEY_DUELS, 60, {"width": "theory", "norm": 0.5}),
    (ACKLEY_DUELS, 60, {"width": 0.5}),
    (Kernelized("matyas", points=2), 20, {"preset": "code"}),
]


class MultiSBM:
    def __init__(self, policy, problem, rng):
        self.belief, self.duels = Belief(policy, problem), []

    def choose(self, t, features, rng, pick):
        arms = list(range(len(self.belief.f)))
        if not self.duels:
            first = arms.pop(int(rng.random() * len(arms)))
            return first, arms[int(rng.random() * len(arms))]
        leader = self.duels[-1][1]
        bounds = self.belief.upper()[:, leader]
        bounds[leader] = -np.inf
        challenger = draw_near(rng, bounds)
        return leader, leader if max(bounds) < 0.5 else challenger

    def learn(self, t, features, first, second, won):
        self.duels.append((first, second))
        self.belief.learn(first, second, won)
