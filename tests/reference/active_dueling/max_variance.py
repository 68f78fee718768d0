"""Twin of maximum-variance pairs, by the posterior of a Gaussian process with the dueling kernel on the duels."""

import numpy as np

from banditlab.environments.active_dueling.circular import Circular
from banditlab.environments.active_dueling.log_linear import LogLinear
from banditlab.environments.active_dueling.rkhs import Rkhs
from tests.reference.active_dueling.uniform_pairs import Estimate
from tests.reference.kernels import draw_near, posterior_covariance

#: (environment, horizon, parameters)
CASES = [
    (Rkhs(contexts=4, actions=4), 60, {"length_scale": 0.3}),
    (Rkhs(contexts=3, actions=5, structure="independent"), 60, {"length_scale": "told", "norm": 0.5}),
    (Circular(contexts=2, actions=6), 60, {"variance": 0.5, "ridge": 1.0}),
    (LogLinear(contexts=4, actions=4, dim=3), 60, {"kernel": "linear"}),
]


class MaxVariance:
    def __init__(self, policy, problem, rng):
        self.estimate = Estimate(policy, problem)
        self.noise = policy.ridge * (2 + np.exp(2 * policy.norm) + np.exp(-2 * policy.norm))

    def choose(self, t, features, rng, pick):
        contexts, arms = self.estimate.shape
        s = posterior_covariance(self.estimate.gram, self.estimate.duels, self.noise)
        pairs, variances = [], []
        for context in range(contexts):
            for first in range(arms):
                for second in range(first + 1, arms):
                    i, j = context * arms + first, context * arms + second
                    pairs.append((context, first, second))
                    variances.append(s[i, i] + s[j, j] - 2 * s[i, j])
        return pairs[draw_near(rng, variances, 1e-8)]

    def learn(self, t, features, context, first, second, won):
        self.estimate.learn(context, first, second, won)

    def recommend(self, t):
        return self.estimate.best()
