"""Twin of Sparring: Ailon et al. 2014, with a kernelised UCB on either side."""

import numpy as np

from banditlab.environments.dueling.kernelized import Kernelized
from tests.reference.kernels import Belief, draw_near

BRANIN = Kernelized("branin", points=4)
ACKLEY = Kernelized("ackley", points=4)

#: (environment, horizon, parameters)
CASES = [
    (BRANIN, 60, {"length_scale": 3.0}),
    (BRANIN, 60, {"preset": "code", "length_scale": 3.0, "penalty": 0.1}),
    (ACKLEY, 60, {"width": "theory", "norm": 0.5}),
    (ACKLEY, 60, {"width": 0.2}),
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
