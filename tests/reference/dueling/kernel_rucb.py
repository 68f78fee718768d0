"""Twin of kernelised RUCB: Zoghi et al. 2014, Algorithm 1, with an evenly drawn champion."""

from tests.reference.kernels import Belief, draw_near
from tests.reference.worlds import ACKLEY_DUELS, BRANIN_DUELS

#: (environment, horizon, parameters)
CASES = [
    (BRANIN_DUELS, 60, {"length_scale": 3.0}),
    (BRANIN_DUELS, 60, {"preset": "code", "length_scale": 3.0, "penalty": 0.1}),
    (ACKLEY_DUELS, 60, {"width": "theory", "norm": 0.5}),
    (ACKLEY_DUELS, 60, {"width": 0.2}),
    (ACKLEY_DUELS, 60, {"preset": "code", "penalty": 0.1, "width": 0.5}),  # an only candidate meets another arm
]


class KernelRUCB:
    def __init__(self, policy, problem, rng):
        self.belief = Belief(policy, problem)

    def choose(self, t, features, rng, pick):
        champions = self.belief.plausible()
        champion = champions[int(rng.random() * len(champions))]
        return champion, draw_near(rng, self.belief.upper()[:, champion])

    def learn(self, t, features, first, second, won):
        self.belief.learn(first, second, won)
