"""Twin of MaxMinLCB: Pasztor et al. 2024, Algorithm 1, with the ties of the published code."""

import numpy as np

from tests.reference.kernels import Belief, draw_near
from tests.reference.worlds import ACKLEY_DUELS, BRANIN_DUELS

#: (environment, horizon, parameters)
CASES = [
    (BRANIN_DUELS, 60, {"length_scale": 3.0}),
    (BRANIN_DUELS, 60, {"preset": "code", "length_scale": 3.0}),
    (ACKLEY_DUELS, 60, {"candidates": True}),
    (ACKLEY_DUELS, 60, {"preset": "code", "candidates": True, "penalty": 0.1, "width": 0.5}),
    (ACKLEY_DUELS, 60, {"width": "theory", "norm": 0.5}),
    (ACKLEY_DUELS, 60, {"width": 0.2}),
    (ACKLEY_DUELS, 60, {"width": 0.3, "candidates": True}),
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
