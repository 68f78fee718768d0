"""Twin of IDS: information-directed sampling of Kirschner and Krause 2021 for binary outcomes."""

import numpy as np
from scipy.special import expit

from banditlab.environments.dueling.kernelized import Kernelized
from tests.reference.kernels import Belief, draw_near
from tests.reference.worlds import ACKLEY_DUELS, BRANIN_DUELS

#: (environment, horizon, parameters)
CASES = [
    (BRANIN_DUELS, 60, {"length_scale": 3.0}),
    (BRANIN_DUELS, 60, {"preset": "code", "length_scale": 3.0, "penalty": 0.1}),
    (ACKLEY_DUELS, 60, {"width": "theory", "norm": 0.5}),
    (ACKLEY_DUELS, 60, {"width": 0.5}),
    (Kernelized("matyas", points=2), 30, {"preset": "code", "width": 0.3}),
]


class IDS:
    def __init__(self, policy, problem, rng):
        self.belief = Belief(policy, problem)

    def choose(self, t, features, rng, pick):
        f, upper, variances = self.belief.f, self.belief.upper(), self.belief.variances()
        plausible = self.belief.plausible()
        greedy = plausible[draw_near(rng, f[plausible])]
        shortfall = max(upper[k, greedy] for k in plausible) - 0.5
        others, ratios, shares = [], [], []
        for j in plausible:
            gap = shortfall + max(0.0, expit(f[greedy] - f[j]) - 0.5)
            information = np.log(1 + variances[greedy, j] / self.belief.noise)
            # the derivative in p of ((1 - p) shortfall + p gap)^2 / (p information) vanishes here
            p = shortfall / (gap - shortfall) if gap > 2 * shortfall else 1.0
            if j != greedy and p * information > 0:
                others.append(j)
                shares.append(p)
                ratios.append(((1 - p) * shortfall + p * gap) ** 2 / (p * information))
        at = draw_near(rng, -np.array(ratios)) if others else rng.random()
        explores = rng.random() < (shares[at] if others else 0.0)
        return greedy, others[at] if explores else greedy

    def learn(self, t, features, first, second, won):
        self.belief.learn(first, second, won)
