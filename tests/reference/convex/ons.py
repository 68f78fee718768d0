"""Twin of the online Newton step: its matrix summed anew in each round, its inverse taken, its point projected."""

import numpy as np

from tests.reference.convex_worlds import BOX, QUADRATIC, WIDE, Set

#: (environment, horizon, parameters)
CASES = [
    (QUADRATIC, 200, {}),
    (BOX, 200, {}),
    (WIDE, 100, {"scale": 0.3}),
]


class ONS:
    def __init__(self, policy, problem, rng):
        self.set, self.scale, self.gradients = Set(problem), policy.scale, []
        d = self.set.diameter
        self.gamma = min(1 / (problem.gradient_bound * d), problem.exp_concavity) / 2
        self.first = np.eye(problem.dim) / (self.gamma**2 * d**2)
        self.x = self.set.centre

    def choose(self, t, shown, rng, pick):
        return self.x

    def learn(self, t, shown, point, gradient):
        self.gradients.append(gradient)
        a = self.first + np.array(self.gradients).T @ np.array(self.gradients)
        self.x = self.set.project_in_norm(self.x - self.scale / self.gamma * np.linalg.inv(a) @ gradient, a)
