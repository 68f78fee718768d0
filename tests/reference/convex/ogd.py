"""Twin of online gradient descent."""

from math import sqrt

from banditlab.environments.convex.drifting_regression import DriftingRegression
from tests.reference.convex_worlds import BALL, FLIPS, QUADRATIC, SIMPLEX, Set

#: (environment, horizon, parameters)
CASES = [
    (BALL, 200, {}),
    (FLIPS, 200, {"scale": 0.7}),
    (SIMPLEX, 200, {"steps": "horizon"}),
    (QUADRATIC, 200, {"steps": "strongly-convex"}),
    (FLIPS, 100, {"steps": 0.05, "power": 0.3}),
    (DriftingRegression(dim=3), 100, {"steps": "optimal"}),
]


class OGD:
    def __init__(self, policy, problem, rng):
        self.set = Set(problem)
        steps = {
            "anytime": lambda t: self.set.diameter / (problem.gradient_bound * sqrt(t)),
            "horizon": lambda t: self.set.diameter / (problem.gradient_bound * sqrt(problem.horizon)),
            "strongly-convex": lambda t: 1 / (problem.curvature * t),
            "optimal": lambda t: problem.rates[t - 1],
        }
        constant = lambda t: policy.steps / t ** (policy.power or 0)  # noqa: E731
        self.step, self.scale, self.x = steps.get(policy.steps, constant), policy.scale, self.set.centre

    def choose(self, t, features, rng, pick):
        return self.x

    def learn(self, t, features, point, gradient):
        self.x = self.set.project(self.x - self.scale * self.step(t + 1) * gradient)
