"""Twin of optimistic online mirror descent."""

from math import sqrt

import numpy as np

from tests.reference.convex_worlds import BALL, BOX, FLIPS, QUADRATIC, SIMPLEX, TOLD, WIDE, Set

#: (environment, horizon, parameters)
CASES = [
    (BALL, 200, {}),
    (FLIPS, 200, {"scale": 2.0}),
    (FLIPS, 200, {"hint": "zero"}),
    (SIMPLEX, 200, {}),
    (SIMPLEX, 100, {"hint": "mean"}),
    (FLIPS, 100, {"hint": "mean", "window": 3}),
    (QUADRATIC, 200, {"hint": "middle"}),
    (QUADRATIC, 200, {"curvature": "strongly-convex"}),
    (WIDE, 200, {"curvature": "strongly-convex", "hint": "middle", "scale": 0.5}),
    (QUADRATIC, 200, {"curvature": "exp-concave", "scale": 20.0}),
    (BOX, 200, {"curvature": "exp-concave", "hint": "zero", "scale": 30.0}),
    (WIDE, 100, {"curvature": "exp-concave", "hint": "mean", "scale": 5.0}),
    (TOLD, 200, {"hint": "external"}),
]


class OptimisticOMD:
    def __init__(self, policy, problem, rng):
        self.set, self.policy, self.dim = Set(problem), policy, problem.dim
        self.y, self.gradients, self.hints = self.set.centre, [], [np.zeros(problem.dim)]
        self.concave = policy.curvature == "exp-concave"
        if policy.curvature == "strongly-convex":
            self.strong = problem.curvature
            return
        self.bound = problem.gradient_bound
        if self.concave:
            self.beta = min(1 / (4 * self.bound * self.set.diameter), problem.exp_concavity) / 2
        else:
            self.smooth = problem.smoothness

    def matrix(self):
        """A_t."""
        seen = np.array(self.gradients).reshape(-1, self.dim)
        return (1 + self.beta * self.bound**2 / 2) * np.eye(self.dim) + self.beta / 2 * seen.T @ seen

    def eta(self):
        t = len(self.gradients)
        if self.policy.curvature == "strongly-convex":
            return 2 / (self.strong * (t + 1))
        d = self.set.diameter
        errors = np.sum([(g - m) @ (g - m) for g, m in zip(self.gradients, self.hints, strict=False)])
        return d / sqrt(10 * d**2 * self.smooth**2 + 4 * self.bound**2 + errors)

    def step(self, direction):
        if self.concave:
            a = self.matrix()
            return self.set.project_in_norm(self.y - self.policy.scale * np.linalg.solve(a, direction), a)
        return self.set.project(self.y - self.policy.scale * self.eta() * direction)

    def choose(self, t, shown, rng, pick):
        if self.policy.hint == "external":
            self.hints[-1] = shown
        return self.step(self.hints[-1])

    def learn(self, t, shown, point, outcome):
        gradient, *second = outcome.reshape(-1, len(point))
        self.y = self.step(gradient)
        self.gradients.append(gradient)
        self.hints.append(
            {
                "zero": np.zeros(self.dim),
                "last": gradient,
                "mean": np.mean(self.gradients[-(self.policy.window or 5) :], axis=0),
                "middle": second[0] if second else None,
                "external": None,
            }[self.policy.hint]
        )
