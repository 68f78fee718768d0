"""Twin of GP-UCB: Srinivas et al. 2010, Algorithm 1; ties as for duels, published code of 2024 has 1e-16."""

import numpy as np

from tests.reference.kernels import draw_near, rbf
from tests.reference.worlds import ACKLEY, BRANIN

#: (environment, horizon, parameters)
CASES = [
    (BRANIN, 80, {"length_scale": 3.0}),
    (BRANIN, 80, {"length_scale": 3.0, "form": "data"}),
    (ACKLEY, 80, {"width": "theory", "noise": 0.1, "length_scale": 2.0}),
    (ACKLEY, 80, {"width": "theory", "noise": 0.1, "length_scale": 2.0, "delta": 0.9, "form": "data"}),
    (ACKLEY, 80, {"width": 0.3, "variance": 0.1, "noise": 1.0, "form": "data"}),
]


class GPUCB:
    """The largest mu(x) + sqrt(beta_t) sigma(x), beta_t = 2 ln(|D| t^2 pi^2 / (6 delta)) in round t = 1, 2, ..."""

    def __init__(self, policy, problem, rng):
        self.policy, self.gram = policy, rbf(problem.domain, policy.variance, policy.length_scale)
        self.arms, self.rewards = [], []

    def choose(self, t, features, rng, pick):
        policy, seen = self.policy, self.gram[self.arms]
        beta = policy.width
        if beta == "theory":
            beta = np.sqrt(2 * np.log(len(self.gram) * (t + 1) ** 2 * np.pi**2 / (6 * policy.delta)))
        weights = np.linalg.solve(seen[:, self.arms] + policy.noise * np.eye(len(seen)), seen).T
        mean = weights @ np.array(self.rewards)
        variance = np.diag(self.gram - weights @ seen)
        return draw_near(rng, mean + beta * np.sqrt(variance))

    def learn(self, t, features, arm, reward):
        self.arms.append(arm)
        self.rewards.append(reward)
