"""Small environments of the convex game that twins are held against, and the plain forms of what twins share."""

from itertools import product

import numpy as np
from scipy.optimize import brentq

from banditlab.environments.convex.sea import SEA

BALL = SEA(dim=3)
FLIPS = SEA(dim=4, pattern="block-flip", period=7, domain="box", radius=0.7, sigma=0.4)
QUADRATIC = SEA(dim=3, losses="quadratic", pattern="drift", turn=0.1, radius=2.0, curvature=1.5)
SIMPLEX = SEA(dim=5, domain="simplex", pattern="switch", stages=3, sigma=0.5)
WIDE = SEA(dim=4, domain="simplex", radius=3.0, losses="quadratic", sigma=0.8)
BOX = SEA(dim=3, domain="box", radius=0.5, losses="quadratic", size=1.2, pattern="switch", stages=3, sigma=0.5)
TOLD = SEA(dim=3, pattern="switch", stages=4, miss=0.4)


class Set:
    """A ball, box or simplex, by what is asked of it."""

    def __init__(self, problem):
        self.form, self.radius, self.dim = problem.form, problem.radius, problem.dim
        self.centre = np.full(self.dim, self.radius / self.dim if self.form == "simplex" else 0.0)
        corners = {"ball": 2, "box": 2 * np.sqrt(self.dim), "simplex": np.sqrt(2)}
        self.diameter = self.radius * corners[self.form]
        self.width = self.radius * (1 if self.form == "simplex" else 2)

    def project(self, x, weights=None):
        """The y in the set of the least sum of weights (y - x)^2, by its multiplier."""
        w = np.ones(self.dim) if weights is None else weights
        if self.form == "box":
            return np.clip(x, -self.radius, self.radius)
        if self.form == "simplex":
            slope = w.min() / self.dim
            low, high = (x * w).min() - 2 * self.radius * w.max(), (x * w).max() + slope
            tau = brentq(lambda tau: np.maximum(0, x - tau / w).sum() - self.radius, low, high, xtol=1e-15)
            return np.maximum(0, x - tau / w)
        if np.linalg.norm(x) <= self.radius:
            return x
        most = w.max() * np.linalg.norm(x) / self.radius
        nu = brentq(lambda nu: np.linalg.norm(w * x / (w + nu)) - self.radius, 0, most, xtol=1e-15)
        return w * x / (w + nu)

    def project_in_norm(self, y, a):
        """The x in the set of the least (x - y)' A (x - y): on a ball by its multiplier, else the best of all faces."""
        if self.form == "ball":
            if np.linalg.norm(y) <= self.radius:
                return y
            at = lambda nu: np.linalg.solve(a + nu * np.eye(self.dim), a @ y)  # noqa: E731
            most = np.linalg.norm(a @ y) / self.radius
            return at(brentq(lambda nu: np.linalg.norm(at(nu)) - self.radius, 0, most, xtol=1e-15))
        simplex = self.form == "simplex"
        found = (x for x in (self.nearest(y, a, face) for face in self.faces()) if x is not None)
        inside = [x for x in found if (x.min() >= -1e-12 if simplex else np.abs(x).max() <= self.radius * (1 + 1e-12))]
        return min(inside, key=lambda x: (x - y) @ a @ (x - y))

    def faces(self):
        """What each coordinate is on a face; nan where it is free."""
        values = (np.nan, 0.0) if self.form == "simplex" else (np.nan, -self.radius, self.radius)
        return map(np.array, product(values, repeat=self.dim))

    def nearest(self, y, a, face):
        """The nearest point of the hull of a face, by Lagrange's equations; None of a face without points."""
        free, x = np.isnan(face), np.nan_to_num(face)
        ones = np.ones((free.sum(), 1 if self.form == "simplex" else 0))
        if ones.shape == (0, 1):
            return None
        left = np.block([[a[np.ix_(free, free)], ones], [ones.T, np.zeros((ones.shape[1],) * 2)]])
        right = np.append(a[free] @ (y - x), [self.radius] * ones.shape[1])
        x[free] = np.linalg.solve(left, right)[: free.sum()]
        return x
