"""Twin of Sparring: Ailon et al. 2014, with a kernelised UCB on either side."""

import numpy as np

from tests.reference.kernels import Belief, draw_near
from tests.reference.worlds import ACKLEY_DUELS, BRANIN_DUELS

#: (environment, horizon, parameters)
CASES = [
    (BRANIN_DUELS, 60, {"length_scale": 3.0}),
    (BRANIN_DUELS, 60, {"preset": "code", "length_scale": 3.0, "penalty": 0.1}),
    (ACKLEY_DUELS, 60, {"width": "theory", "norm": 0.5}),
    (ACKLEY_DUELS, 60, {"width": 0.2}),
]


class Sparring:
    def __init__(self, policy, problem, rng):
        self.sides = [Belief(policy, problem, single=True) for _ in range(2)]
        self.arms = problem.arms

    def choose(self, t, features, rng, pick):
        index = [(side.means() + side.widths())[: self.arms, self.arms] for side in self.sides]
        return tuple(draw_near(rng, np.array(scores)) for scores in index)

    def learn(self, t, features, first, second, won):
        self.sides[0].learn(first, self.arms, won)
        self.sides[1].learn(second, self.arms, not won)
