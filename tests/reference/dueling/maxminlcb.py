"""Twin of MaxMinLCB: Pasztor et al. 2024, Algorithm 1, with the ties of the published code."""

import numpy as np

from banditlab.environments.dueling.kernelized import Kernelized
from tests.reference.kernels import Belief, draw_near

BRANIN = Kernelized("branin", points=4)
ACKLEY = Kernelized("ackley", points=4)

#: (environment, horizon, parameters)
CASES = [
    (BRANIN, 60, {"length_scale": 3.0}),
    (BRANIN, 60, {"preset": "code", "length_scale": 3.0}),
    (ACKLEY, 60, {"candidates": True}),
    (ACKLEY, 60, {"preset": "code", "candidates": True, "penalty": 0.1, "width": 0.5}),
    (ACKLEY, 60, {"width": "theory", "norm": 0.5}),
    (ACKLEY, 60, {"width": 0.2}),
    (ACKLEY, 60, {"width": 0.3, "candidates": True}),
]


class MaxMinLCB:
    def __init__(self, policy, problem, rng):
        self.belief, self.candidates = Belief(policy, problem), policy.candidates

    def choose(self, t, features, rng, pick):
        lower = self.belief.lower()
        arms = range(len(lower))
        if self.candidates:
            arms = self.belief.plausible()
            if len(arms) > 1:
                np.fill_diagonal(lower, np.inf)
        worst = np.full(len(lower), -np.inf)
        for i in arms:
            worst[i] = min(lower[i, j] for j in arms)
        leader = draw_near(rng, worst)
        scores = np.full(len(lower), -np.inf)
        for j in arms:
            scores[j] = -lower[leader, j]
        return leader, draw_near(rng, scores)

    def learn(self, t, features, first, second, won):
        self.belief.learn(first, second, won)
