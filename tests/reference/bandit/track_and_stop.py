"""Twin of Track-and-Stop: Garivier and Kaufmann 2016, Section 3.1 and 4."""

import numpy as np
from scipy import optimize

from banditlab.environments.bandit.bernoulli import Bernoulli
from banditlab.environments.bandit.gaussian import Gaussian
from tests.reference import evidence
from tests.reference.worlds import BERNOULLI, GAUSSIAN

PAIR = Gaussian(means=[0.0, 0.5], std=2.0)
CLOSE = Bernoulli(means=[0.5, 0.45, 0.43, 0.4])
SURE = Bernoulli(means=[1.0, 0.6, 0.0, 0.95])

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 200, {}),
    (CLOSE, 200, {"threshold": "theorem"}),
    (SURE, 200, {"delta": 1e-6}),
    (BERNOULLI, 200, {"tracking": "C"}),
    (BERNOULLI, 250, {"refresh": 1.2}),
    (GAUSSIAN, 250, {"law": "gaussian", "threshold": "theorem"}),
    (PAIR, 250, {"law": "gaussian", "std": 1.5, "delta": 0.01}),
    (GAUSSIAN, 250, {"law": "gaussian", "tracking": "C", "refresh": 1.1, "delta": 1e-4}),
]


class TrackAndStop:
    """D: U_t = {a: N_a < sqrt(t) - K/2}; argmin_{U_t} N_a where there is one, else argmax t w*_a(mu) - N_a.

    C: argmax_a sum_{s=0}^t w^{eps_s}_a(mu(s)) - N_a. Each arm once first.
    """

    def __init__(self, policy, problem, rng):
        self.policy, self.arms = policy, problem.arms
        self.std = None if policy.law == "bernoulli" else problem.noise if policy.std is None else policy.std
        self.rewards = [[] for _ in range(problem.arms)]
        self.shares = [np.full(problem.arms, 1 / problem.arms)] * problem.arms
        self.due, self.stopped = 0, False

    def choose(self, t, features, rng, pick):
        if t < self.arms:
            return t
        plays = np.array([len(rewards) for rewards in self.rewards])
        if self.policy.tracking == "D" and plays.min() < np.sqrt(t) - self.arms / 2:
            return int(plays.argmin())
        if t >= self.due:
            w = evidence.proportions(self.policy.law, self.std, [np.mean(rewards) for rewards in self.rewards])
            self.w = w if self.policy.tracking == "D" else projection(w, (self.arms**2 + t) ** -0.5 / 2)
            self.due = max(np.ceil(self.policy.refresh * t), t + 1)
        self.shares.append(self.w)
        share = t * self.w if self.policy.tracking == "D" else np.sum(self.shares, axis=0)
        return pick(share - plays + t)  # t, so that scores that are 0 but for rounding count as equal

    def learn(self, t, features, arm, reward):
        self.rewards[arm].append(reward)
        level = evidence.threshold(self.policy, self.arms, t + 1)
        self.stopped |= evidence.statistic(self.policy.law, self.std, self.rewards) > level

    def recommend(self, t):
        return evidence.best(self.rewards)

    def stop(self, t):
        return self.stopped


def projection(w, eps):
    shift = optimize.brentq(lambda c: np.maximum(eps, w - c).sum() - 1, -1, 1, xtol=1e-16)
    return np.maximum(eps, w - shift)
