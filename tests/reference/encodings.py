"""A round's features as a model with one vector of weights sees them: x, or x (x) e_a."""

import numpy as np

from tests.reference.networks import disjoint, encode


class Encoding:
    def __init__(self, policy, problem):
        self.arms, self.disjoint = problem.arms, disjoint(policy, problem)
        self.dim = problem.arms * problem.dim if self.disjoint else problem.dim

    def __call__(self, features):
        return np.array([encode(x, a, self.arms, self.disjoint) for a, x in enumerate(features)])
