"""Twin of CascadeKL-UCB (Kveton et al. 2015, Algorithms 1 and 2): bounds by a root finder."""

import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import rel_entr

from tests.reference.combinatorial_worlds import LIST, best_set, list_worth, seen

CASES = [(LIST, 300, {}), (LIST, 200, {"c": 0.0})]


def upper(mean, level):
    """The largest q with d(mean, q) <= level."""

    def excess(q):
        return rel_entr(mean, q) + rel_entr(1.0 - mean, 1.0 - q) - level

    if level <= 0.0 or mean == 1.0:
        return mean
    return brentq(excess, mean, 1.0 - 1e-15, xtol=1e-15, rtol=1e-14) if excess(1.0 - 1e-15) > 0.0 else 1.0


class CascadeKLUCB:
    def __init__(self, policy, problem, rng):
        self.c, self.family = policy.c, problem.family
        self.values = [[] for _ in range(problem.items)]

    def choose(self, t, features, rng, pick):
        if not all(self.values):
            weights = [0.0 if found else 1.0 for found in self.values]
        else:
            level = math.log(t + 1) + self.c * math.log(math.log(t + 1))
            weights = [upper(np.mean(found), level / len(found)) for found in self.values]
        return pick(best_set(self.family, weights), list_worth(weights))

    def learn(self, t, features, items, outcome):
        for part, value in zip(*seen(outcome), strict=True):
            self.values[part].append(value)
