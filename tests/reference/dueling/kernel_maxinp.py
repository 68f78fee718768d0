"""Twin of kernelised MaxInP: Saha 2021, Algorithm 2, with the ties of Pasztor et al.'s published code."""

from itertools import combinations

import numpy as np

from banditlab.environments.dueling.kernelized import Kernelized
from tests.reference.kernels import Belief, draw_near
from tests.reference.worlds import ACKLEY_DUELS, BRANIN_DUELS

#: (environment, horizon, parameters)
CASES = [
    (BRANIN_DUELS, 60, {"length_scale": 3.0}),
    (BRANIN_DUELS, 60, {"preset": "code", "length_scale": 3.0, "penalty": 0.1}),
    (ACKLEY_DUELS, 60, {"width": "theory", "norm": 0.5}),
    (ACKLEY_DUELS, 60, {"width": 0.2}),  # soon one arm is left
    (BRANIN_DUELS, 60, {"preset": "code", "width": 0.02, "norm": 2.0}),
    (Kernelized("matyas", points=2), 60, {"length_scale": 10.0, "width": 0.5}),
]


class KernelMaxInP:
    def __init__(self, policy, problem, rng):
        self.belief = Belief(policy, problem)

    def choose(self, t, features, rng, pick):
        arms, variances = self.belief.plausible(), self.belief.variances()
        pairs = list(combinations(arms, 2)) or [(arms[0], arms[0])]
        return pairs[draw_near(rng, np.array([variances[pair] for pair in pairs]))]

    def learn(self, t, features, first, second, won):
        self.belief.learn(first, second, won)
