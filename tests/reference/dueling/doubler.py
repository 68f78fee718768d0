"""Twin of Doubler: Ailon et al. 2014, with one kernelised estimate from both arms' answers."""

import numpy as np

from tests.reference.kernels import Belief, draw_near
from tests.reference.worlds import ACKLEY_DUELS, BRANIN_DUELS

#: (environment, horizon, parameters)
CASES = [
    (BRANIN_DUELS, 70, {"length_scale": 3.0}),
    (BRANIN_DUELS, 70, {"preset": "code", "length_scale": 3.0, "penalty": 0.1}),
    (ACKLEY_DUELS, 70, {"width": "theory", "norm": 0.5}),
    (ACKLEY_DUELS, 70, {"width": 0.5}),
]


class Doubler:
    def __init__(self, policy, problem, rng):
        self.belief = Belief(policy, problem, single=True)
        self.arms = problem.arms
        self.epochs = [[int(rng.random() * self.arms)], []]  #: the leaders of each, of which the first is but one arm

    def choose(self, t, features, rng, pick):
        before = sorted(self.epochs[-2])
        opponent = before[int(rng.random() * len(before))]
        index = (self.belief.means() + self.belief.widths())[: self.arms, self.arms]
        return draw_near(rng, np.array(index)), opponent

    def learn(self, t, features, first, second, won):
        if first != second:
            self.belief.learn(first, self.arms, won)
            self.belief.learn(second, self.arms, not won)
        self.epochs[-1].append(first)
        if len(self.epochs[-1]) == 2 ** (len(self.epochs) - 1):
            self.epochs.append([])
