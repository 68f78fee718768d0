"""Links of preferences by their definitions, and maximum likelihood from duels by SciPy."""

import numpy as np
from scipy import optimize, special


def cdf(link, x):
    """F of a link: logistic, normal or Laplace distribution function."""
    if link == "logistic":
        return special.expit(x)
    if link == "probit":
        return special.ndtr(x)
    return np.where(x >= 0, 1 - np.exp(-np.abs(x)) / 2, np.exp(-np.abs(x)) / 2)


def log_cdf(link, x):
    if link == "logistic":
        return special.log_expit(x)
    if link == "probit":
        return special.log_ndtr(x)
    return np.where(x >= 0, np.log1p(-np.exp(-np.abs(x)) / 2), -np.abs(x) - np.log(2))


def log_density(link, x):
    if link == "logistic":
        return special.log_expit(x) + special.log_expit(-x)
    if link == "probit":
        return -(x**2) / 2 - np.log(2 * np.pi) / 2
    return -np.abs(x) - np.log(2)


def score(link, x):
    """d/dx ln F = F' / F."""
    return np.exp(log_density(link, x) - log_cdf(link, x))


def weight(link, x):
    """Second derivative of -ln F; for the exponential link F'^2 / (F (1 - F)), its expectation."""
    if link == "logistic":
        return np.exp(log_density(link, x))
    if link == "probit":
        return score(link, x) * (score(link, x) + x)
    return score(link, np.abs(x))


def maximise(link, contrasts, ridge, start, masses=1.0):
    """Minimise -sum m_s ln F(z_s'theta) + ridge/2 |theta|^2, each z turned so that its first arm won; m the masses."""

    def loss(theta):
        return -(masses * log_cdf(link, contrasts @ theta)).sum() + ridge / 2 * theta @ theta

    def gradient(theta):
        return -contrasts.T @ (masses * score(link, contrasts @ theta)) + ridge * theta

    found = optimize.minimize(loss, start, jac=gradient, method="BFGS", options={"gtol": 1e-10})
    return optimize.root(gradient, found.x, tol=1e-14).x


class Estimator:
    """The schedule of the package: full maximisation each time that the number of duels has grown by `refit`, a step of
    online Newton after the duels between. With refit = 1 all is maximisation."""

    def __init__(self, link, dim, ridge, refit):
        self.link, self.ridge, self.refit = link, ridge, refit
        self.contrasts, self.masses, self.theta, self.due = np.empty((0, dim)), np.empty(0), np.zeros(dim), 1
        self.hessian = ridge * np.eye(dim)

    def learn(self, first, second, won, mass=1.0):
        z = first - second if won else second - first
        if not z.any():
            return
        self.contrasts, self.masses = np.vstack([self.contrasts, z]), np.append(self.masses, mass)
        count = len(self.contrasts)
        if count >= self.due:
            self.theta = maximise(self.link, self.contrasts, self.ridge, self.theta, self.masses)
            weights = self.masses * weight(self.link, self.contrasts @ self.theta)
            self.hessian = self.ridge * np.eye(len(z)) + (self.contrasts.T * weights) @ self.contrasts
            self.due = max(count + 1, int(np.ceil(self.refit * count)))
        else:
            margin = z @ self.theta
            self.hessian = self.hessian + mass * weight(self.link, margin) * np.outer(z, z)
            self.theta = self.theta + np.linalg.solve(self.hessian, z) * mass * score(self.link, margin)


def regular_design(first, contrasts):
    """M = M_0 + sum z z' when exploration ends: plus 1e-6 tr(M)/d I where it is singular, I where it is zero."""
    m = first + contrasts.T @ contrasts
    if np.linalg.matrix_rank(m, tol=1e-9 * np.trace(m), hermitian=True) < len(m):
        m = m + (1e-6 * np.trace(m) / len(m) if m.any() else 1.0) * np.eye(len(m))
    return m
