"""Twin of Independent UCB: the baseline of Pasztor et al. 2024, by their published code.

Ties are as for duels: one is drawn. The published code takes the lowest index.
"""

import numpy as np

from tests.reference.kernels import draw_near
from tests.reference.worlds import BERNOULLI, BRANIN, GAUSSIAN

#: (environment, horizon, parameters)
CASES = [
    (BERNOULLI, 400, {}),
    (BRANIN, 200, {}),
    (GAUSSIAN, 200, {"delta": 0.9}),
]


class IndependentUCB:
    """m_i + sqrt(2 ln(1/delta) / max(n_i, 1e-4)), where m_i is 1/2 before the first play."""

    def __init__(self, policy, problem, rng):
        self.policy, self.rewards = policy, [[] for _ in range(problem.arms)]

    def choose(self, t, features, rng, pick):
        means = np.array([np.mean(rewards) if rewards else 0.5 for rewards in self.rewards])
        plays = np.array([max(len(rewards), 1e-4) for rewards in self.rewards])
        return draw_near(rng, means + np.sqrt(2 * np.log(1 / self.policy.delta) / plays))

    def learn(self, t, features, arm, reward):
        self.rewards[arm].append(reward)
