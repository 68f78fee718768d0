"""Kernel ridge regression of Borda values, by the direct formulas on the duels themselves."""

import numpy as np

from banditlab.environments.active_dueling.circular import Circular
from banditlab.environments.active_dueling.rkhs import Rkhs
from tests.reference.kernels import draw_near, rbf

#: Where the policies that share the regression are compared with their twins.
SMOOTH = Rkhs(contexts=4, actions=4)
CIRCLES = Circular(contexts=3, actions=5)
UNRELATED = Rkhs(contexts=4, actions=4, structure="independent")
ONE = Rkhs(contexts=1, actions=8)

TIE = 1e-9


class Regression:
    """mean = 1/2 + k'(K + ridge I)^-1 (w - 1/2) and variance = k(x, x) - k'(K + ridge I)^-1 k, of C x K points."""

    def __init__(self, policy, problem):
        assert policy.kernel == "rbf"
        self.policy, self.shape = policy, problem.domain.shape[:2]
        length_scale = problem.length_scale if policy.length_scale == "told" else policy.length_scale
        self.gram = rbf(problem.domain, policy.variance, length_scale)
        if policy.sharing == "separate":
            contexts, arms = self.shape
            self.gram = self.gram * np.kron(np.eye(contexts), np.ones((arms, arms)))
        self.points, self.bits = [], []
        self.predict()
        self.highest = self.lower()

    def predict(self):
        ridge, across = self.policy.ridge, self.gram[:, self.points]
        between = self.gram[np.ix_(self.points, self.points)]
        noisy = between + ridge * np.eye(len(self.points))
        self.mean = 0.5 + (across @ np.linalg.solve(noisy, np.array(self.bits) - 0.5)).reshape(self.shape)
        variance = np.diag(self.gram) - (across * np.linalg.solve(noisy, across.T).T).sum(1)
        self.sigma = np.sqrt(np.clip(variance, 0, None)).reshape(self.shape)
        self.gain = np.linalg.slogdet(np.eye(len(self.points)) + between / ridge)[1] / 2

    def beta(self):
        if self.policy.width == "theory":
            return 2 * self.policy.norm + np.sqrt(2 * self.gain + 1 + np.log(2 / self.policy.delta))
        return self.policy.width

    def lower(self):
        return self.mean - self.beta() * self.sigma

    def upper(self):
        return self.mean + self.beta() * self.sigma


class Player:
    """What the policies share."""

    def __init__(self, policy, problem, rng):
        self.policy, self.regression = policy, Regression(policy, problem)
        self.contexts, self.arms = self.regression.shape

    def learn(self, t, features, context, first, second, won):
        known = self.regression
        known.points.append(context * self.arms + first)
        known.bits.append(float(won))
        known.predict()
        known.highest = np.maximum(known.highest, known.lower())

    def recommend(self, t):
        known = self.regression
        scores = known.mean if self.policy.recommendation == "mean" else known.highest
        return np.array([np.flatnonzero(row >= row.max() - TIE)[0] for row in scores])

    def uniform(self, rng, size):
        return int(rng.random() * size)

    def uniform_duel(self, rng):
        return self.uniform(rng, self.contexts), self.uniform(rng, self.arms), self.uniform(rng, self.arms)

    def optimistic_duel(self, rng, context):
        first = draw_near(rng, self.regression.upper()[context], TIE)
        return context, first, self.uniform(rng, self.arms)
